-- What was paid beforehand goes back by law (RF1 - RF5).

set role guitai_ledger;

-- The database's own wall around a settlement: somebody else approved it; it takes everything of the lots it names, and
-- of all her stored value if it names one; bonus lapses, it is not paid out by itself; what goes out is what its document
-- says of the variant that applies, and in all no more than she ever paid beforehand. What was still promised on these
-- top-ups is cancelled.
create function post_settlement(m int, p_id uuid) returns void
language plpgsql
as $$
declare
  o operation%rowtype;
  v_out bigint;
  v_paid bigint;
begin
  select * into o from operation where merchant_id = m and id = p_id;
  if o.approver_id is null then
    raise exception 'a settlement needs approval' using errcode = 'GT006';
  end if;
  if o.member_id is null or o.about_id is not null or o.points <@ '{0}' is not true
     or exists (select from unnest(o.accounts, o.amounts) as a (account, amount)
                 where a.account in ('cash', 'wechat', 'alipay', 'bank_card') and a.amount < 0)
     or exists (select from unnest(o.lots) as x (id) join lot l on l.merchant_id = m and l.id = x.id
                 where l.kind <> 'stored_value' or l.principal <> 0 or l.bonus <> 0)
     or (cardinality(o.lots) > 0 and exists (
       select from lot l where l.merchant_id = m and l.member_id = o.member_id and l.kind = 'stored_value' and (l.principal <> 0 or l.bonus <> 0)))
     or (select coalesce(sum(x), 0) from unnest(o.bonuses) as x)
        + (select coalesce(sum(a.amount), 0) from unnest(o.accounts, o.amounts) as a (account, amount) where a.account = 'bonus_expired') <> 0 then
    raise exception 'a settlement takes all of what it names' using errcode = 'GT004';
  end if;
  select coalesce(sum(a.amount), 0) into v_out
    from unnest(o.accounts, o.amounts) as a (account, amount) where a.account in ('cash', 'wechat', 'alipay', 'bank_card');
  if v_out <= 0 or v_out is distinct from (o.document ->> 'amount')::bigint
     or v_out is distinct from (o.document #>> array['settlement', 'variants', o.document #>> '{settlement,applies}', 'amount'])::bigint
     or jsonb_array_length(o.document #> '{settlement,prepaid}') > 0 is not true then
    raise exception 'the document is not what goes out' using errcode = 'GT004';
  end if;
  -- The shop's terms changed meanwhile (RF5).
  if (o.document #>> '{settlement,terms_version}')::int is distinct from (select terms_version from merchant where merchant_id = m) then
    raise exception 'the terms are not those in force' using errcode = 'GT001';
  end if;
  select coalesce(sum(case
           when k.kind = 'settlement' then - (k.document ->> 'amount')::bigint
           when k.kind in ('top_up', 'top_up_reversal') then (select sum(x) from unnest(k.principals) as x)
           when k.kind in ('deposit', 'deposit_reversal', 'forfeit') then
             (select sum(a.amount) from unnest(k.accounts, k.amounts) as a (account, amount) where a.account = 'unearned')
           else (select coalesce(sum(l.net), 0) from sale_line l where l.merchant_id = m and l.operation_id = k.id and l.package is not null)
         end), 0) into v_paid
    from operation k
   where k.merchant_id = m and k.member_id = any (kin(m, o.member_id))
     and (k.kind in ('settlement', 'top_up', 'top_up_reversal', 'deposit', 'deposit_reversal', 'forfeit') or (k.kind = 'sale' and k.extras ? 'grants'));
  if v_paid < 0 then
    raise exception 'more goes out than was paid beforehand' using errcode = 'GT007';
  end if;
  update instalment i set cancelled_by = o.id
   where i.merchant_id = m and i.member_id = o.member_id and i.released_by is null and i.cancelled_by is null
     and i.operation_id in (
       select coalesce(b.about_id, b.id) from lot l join operation b on b.merchant_id = m and b.id = l.operation_id
        where l.merchant_id = m and l.id = any (o.lots));
end $$;

-- Everything a settlement is made of, in one round trip: the member as she stands, what she paid beforehand and every
-- use of it with its time, staff and store.
create function read_settlement(p_member bigint) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan
as $$
declare
  m int := seat_merchant();
  v_member bigint := survivor(m, p_member);
  -- MB4: what was paid and used under another name counts.
  v_kin bigint[] := kin(m, v_member);
begin
  return (select case when c.card is not null then jsonb_build_object(
    'member', c.card,
    'events', coalesce((select jsonb_agg(jsonb_build_object(
        'id', o.id, 'kind', o.kind, 'about', o.about_id, 'seq', o.seq, 'at', o.happened_at, 'store', s.name, 'staff', f.name,
        'lots', o.lots, 'principals', o.principals, 'bonuses', o.bonuses,
        'lines', coalesce(o.lines, '[]'), 'returned', coalesce(o.extras -> 'returned', '[]'),
        'grants', coalesce((select jsonb_agg(x.grant_id) from jsonb_to_recordset(o.extras -> 'moves') as x (grant_id uuid)), '[]'),
        'tenders', coalesce(o.document -> 'tenders', '[]'), 'terms_version', o.document -> 'terms_version')
        order by case when cardinality(v_kin) > 1 then o.recorded_at end, o.version_after)
      from operation o
      join store s on s.merchant_id = m and s.id = o.store_id
      join staff f on f.merchant_id = m and f.id = o.operator_id
     where o.merchant_id = m and o.member_id = any (v_kin)
       and (o.kind in ('top_up', 'top_up_reversal', 'instalment', 'redemption', 'redemption_reversal', 'settlement', 'deposit')
         or (o.kind in ('sale', 'refund') and (cardinality(o.lots) > 0 or o.extras ?| '{grants,moves}')))), '[]'),
    'grants', coalesce((select jsonb_agg(jsonb_build_object('no', g.no, 'id', g.id, 'operation_id', g.operation_id, 'kind', g.kind,
        'product_id', g.product_id, 'quantity', g.quantity, 'value', g.value, 'opened_at', g.opened_at, 'expires_on', g.expires_on,
        'used_on', g.used_on, 'terms', g.terms) order by g.operation_id, g.no, g.id)
      from member_grant g
     where g.merchant_id = m and g.member_id = v_member
       and exists (select from operation q where q.merchant_id = m and q.id = g.operation_id and q.kind in ('sale', 'deposit')) and g.operation_id in (
       select x.operation_id from member_grant x
        where x.merchant_id = m and x.member_id = v_member and (x.quantity is null or x.quantity > 0))), '[]'),
    'terms', own_terms(m)) end
    from (select member_card(m, v_member)::jsonb as card) c);
end $$;

grant execute on function read_settlement to guitai_app;

reset role;
