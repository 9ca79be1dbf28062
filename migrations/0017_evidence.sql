-- What a member can be shown of herself, for whoever has to decide between her and the shop; and what is due to all of them.

set role guitai_ledger;

-- Whose phone, card or code this is, in whatever state, or whose number; who was merged is who she became.
create function find_for_evidence(p_codes text[], p_id bigint) returns bigint
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select coalesce(t.merged_into, t.id) from member t
   where t.merchant_id = (select seat_merchant())
     and t.id = coalesce((select c.member_id from credential c
       where c.merchant_id = (select seat_merchant()) and c.value = any (p_codes) order by c.state, c.kind limit 1), p_id)
$$;

-- What she can be shown: every contract she ever signed, with what was paid of it, and why one was ended.
create function contracts_shown(m int, p_names bigint[]) returns jsonb
language plpgsql stable
as $$
begin
  return (select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'plan', jsonb_build_object('id', c.plan_id, 'version', c.plan_version), 'name', p.name,
      'stages', p.body -> 'stages', 'signed_on', c.signed_on, 'paid', stages_paid(m, c.id),
      'ended_at', c.ended_at, 'reason', c.reason, 'ended_by', (select f.name from staff f where f.merchant_id = m and f.id = c.ended_by)) order by c.signed_at, c.id), '[]')
    from contract c join contract_plan p on p.merchant_id = m and p.id = c.plan_id and p.version = c.plan_version
   where c.merchant_id = m and c.member_id = any (p_names));
end $$;

-- Everything: balances, operations with their postings and lines, what is left of lots and claims, what she agreed to, and
-- the full text of every version of the terms that is named anywhere in it.
create function evidence(m int, p_member bigint) returns jsonb
language sql stable
as $$
  -- Who was merged into her is she (MB4).
  with her as (
    select array[t.id] || t.absorbed as ids from member t where t.merchant_id = m and t.id = p_member
  ), operations as (
    select * from operation where merchant_id = m and member_id = any ((select ids from her)::bigint[])
  ), versions as (
    select (o.document ->> 'terms_version')::int as version from operations o where o.document ? 'terms_version'
    union select (o.document #>> '{settlement,terms_version}')::int from operations o where o.document ? 'settlement'
    union select c.version from consent c where c.merchant_id = m and c.member_id = any ((select ids from her)::bigint[])
    union select h.terms_version from merchant h where h.merchant_id = m
  )
  select jsonb_build_object(
    'shop', h.name,
    'member', (select jsonb_build_object('id', t.id, 'name', t.name, 'joined_on', t.joined_on, 'store', s.name, 'level', l.name,
        'principal', g.principal, 'bonus', g.bonus, 'points', g.points,
        'phone', (select left(c.value, 3) || '****' || right(c.value, 4) from credential c
          where c.merchant_id = m and c.member_id = t.id and c.kind = 'phone' limit 1))
      from member t
      join holding g on g.merchant_id = m and g.member_id = t.id
      join level l on l.merchant_id = m and l.id = g.level_id
      join store s on s.merchant_id = m and s.id = t.home_store_id
     where t.merchant_id = m and t.id = p_member),
    'operations', coalesce((select jsonb_agg(jsonb_build_object('id', o.id, 'kind', o.kind, 'seq', o.seq, 'at', o.happened_at,
        'business_on', o.business_on, 'store', s.name, 'till', k.name, 'staff', f.name, 'approver', a.name, 'about', b.seq,
        'lines', coalesce(o.lines, '[]'), 'document', o.document,
        'postings', coalesce((select jsonb_agg(jsonb_build_object('account', p.account, 'lot', p.lot_id, 'amount', p.amount) order by p.no, p.account, p.lot_id)
          from posting p where p.merchant_id = m and p.operation_id = o.id
            and (p.account < 'cash' or p.account in ('cash', 'wechat', 'alipay', 'bank_card'))), '[]')) order by o.recorded_at, o.version_after)
      from operations o
      join store s on s.merchant_id = m and s.id = o.store_id
      join till k on k.merchant_id = m and k.id = o.till_id
      join staff f on f.merchant_id = m and f.id = o.operator_id
      left join staff a on a.merchant_id = m and a.id = o.approver_id
      left join operation b on b.merchant_id = m and b.id = o.about_id), '[]'),
    'lots', coalesce((select jsonb_agg(jsonb_build_object('id', x.id, 'kind', x.kind, 'opened_at', x.opened_at, 'expires_on', x.expires_on,
        'principal', x.principal, 'bonus', x.bonus, 'points', x.points,
        'seq', (select o.seq from operation o where o.merchant_id = m and o.id = x.operation_id)) order by x.opened_at, x.id)
      from lot x where x.merchant_id = m and x.member_id = any ((select ids from her)::bigint[])), '[]'),
    'grants', coalesce((select jsonb_agg(jsonb_build_object('id', x.id, 'operation_id', x.operation_id, 'opened_at', x.opened_at,
        'expires_on', x.expires_on, 'quantity', x.quantity, 'value', x.value, 'terms', x.terms) order by x.opened_at, x.operation_id, x.no, x.id)
      from member_grant x where x.merchant_id = m and x.member_id = any ((select ids from her)::bigint[])), '[]'),
    'contracts', contracts_shown(m, (select ids from her)::bigint[]),
    'consents', coalesce((select jsonb_agg(jsonb_build_object('purpose', c.purpose, 'given', c.given, 'version', c.version,
        'channel', c.channel, 'at', c.at) order by c.id)
      from consent c where c.merchant_id = m and c.member_id = any ((select ids from her)::bigint[])), '[]'),
    'terms', coalesce((select jsonb_agg(jsonb_build_object('version', t.version, 'since', t.since, 'text', t.text, 'own', t.own_refund) order by t.version)
      from terms t where t.merchant_id = m and t.version in (select version from versions)), '[]'))
  from merchant h where h.merchant_id = m
$$;

-- The same for whoever has the right to take it out of the shop: written down, and committed, before there is a file (PV2).
create function take_evidence(p_member bigint, p_staff int, p_till int, p_what text, p_reason text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
begin
  perform disclose(m, 'export', p_staff, p_till, p_member, p_what, 1, p_reason);
  return evidence(m, p_member);
end $$;

-- What the shop owes its members when it closes or moves (消保条例 art. 22), the most first: principal and what of packages is not
-- yet earned; bonus and points beside them. The totals are of all members, each row has what a settlement is made of.
create function dues(p_staff int, p_after_value bigint, p_after_member bigint, p_limit int) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
begin
  perform refuse_editor(m, p_staff);
  return (
    with owed as materialized (
      select h.member_id, h.principal, h.bonus, h.points, h.last_visit_on, coalesce(g.value, 0) as unearned, h.principal + coalesce(g.value, 0) as value
        from holding h
        left join (select x.member_id, sum(x.value)::bigint as value from member_grant x where x.merchant_id = m group by x.member_id) g
          on g.member_id = h.member_id
       where h.merchant_id = m and (h.principal <> 0 or h.bonus <> 0 or h.points <> 0 or g.value > 0)
    )
    select jsonb_build_object(
      'totals', (select jsonb_build_object('members', count(*), 'principal', coalesce(sum(o.principal), 0), 'bonus', coalesce(sum(o.bonus), 0),
          'unearned', coalesce(sum(o.unearned), 0), 'points', coalesce(sum(o.points), 0)) from owed o),
      'rows', coalesce((select jsonb_agg(jsonb_build_object('member_id', p.member_id, 'name', t.name, 'last_visit_on', p.last_visit_on,
          'principal', p.principal, 'bonus', p.bonus, 'unearned', p.unearned, 'points', p.points, 'value', p.value,
          'phone', (select left(c.value, 3) || '****' || right(c.value, 4) from credential c
            where c.merchant_id = m and c.member_id = p.member_id and c.kind = 'phone' limit 1),
          'history', case when p.value > 0 then read_settlement(p.member_id) end) order by p.value desc, p.member_id desc)
        from (select * from owed o
               where (o.value, o.member_id) < (coalesce(p_after_value, 9223372036854775807), coalesce(p_after_member, 0))
               order by o.value desc, o.member_id desc limit p_limit) p
        join member t on t.merchant_id = m and t.id = p.member_id), '[]')));
end $$;

grant execute on function find_for_evidence, take_evidence, dues to guitai_app;

reset role;
