-- What is done for members who have something: it is given away where its terms allow (PK1), what is left of a card by time
-- is earned when its time is over (RF4), and the shop is reminded of it while there is time (PK3).

set role guitai_ledger;

-- PK1: a package is given away once, whole and unused, if it was sold so. PR4: so is a coupon whose rule says so, as often as
-- somebody likes. Nothing else goes with a gift.
create function refuse_gift(m int, p_from bigint, p_business_on date, p_out jsonb, p_in jsonb) returns void
language plpgsql
as $$
declare
  v_grants uuid[] := array(select jsonb_array_elements_text(p_in #> '{document,carried,grants}')::uuid);
begin
  if cardinality(v_grants) = 0 or p_in #> '{document,carried}' is distinct from p_out #> '{document,carried}'
     or p_in -> 'lots' <> '[]' or p_out -> 'lots' <> '[]' or p_in #> '{document,carried,lots}' <> '[]'
     or (p_in ->> 'spend')::bigint <> 0 or (p_out ->> 'spend')::bigint <> 0
     or p_in ->> 'level' is not null or p_out ->> 'level' is not null
     or p_in -> 'new_lots' <> 'null' or p_out -> 'new_lots' <> 'null' then
    raise exception 'a gift is of claims alone' using errcode = 'GT004';
  end if;
  if exists (
    select from member_grant g
     where g.merchant_id = m and g.id = any (v_grants) and g.member_id = p_from
       and case g.kind when 'package' then g.terms -> 'may_give' = 'true' and g.given_on is null
             else g.terms #> '{coupon,transferable}' = 'true' end is not true
  ) then
    raise exception 'a claim of member % is not to be given away', p_from using errcode = 'GT030';
  end if;
  -- What was used of it meanwhile, at this till or another.
  if exists (
    select from member_grant g
     where g.merchant_id = m and g.id = any (v_grants)
       and (g.member_id is distinct from p_from or g.expires_on < p_business_on or exists (
         select from member_grant s
          where s.merchant_id = m and (s.id = g.id or (g.kind = 'package' and s.kind = 'package' and s.operation_id = g.operation_id and s.no = g.no))
            and (s.id <> all (v_grants) or s.used_on is not null or s.quantity is distinct from (s.terms ->> 'quantity')::bigint
              or s.value <> (s.terms ->> 'value')::bigint)))
  ) then
    raise exception 'a claim of member % is not whole', p_from using errcode = 'GT031';
  end if;
end $$;

-- What is frozen in a claim is what was sold, or what the rule says: whether it may be given away or shared; and what was paid
-- of it from stored value is no more than the lots lost (SV7).
create function refuse_other_terms(m int, o operation) returns void
language plpgsql
as $$
begin
  if exists (
    select from jsonb_to_recordset(o.extras -> 'grants') as g (no smallint, kind grant_kind, terms jsonb)
      left join sale_line l on l.merchant_id = m and l.operation_id = o.id and l.no = g.no
     where g.kind = 'package'
       and (coalesce(g.terms -> 'may_give', 'false'), coalesce(g.terms -> 'may_share', 'false'))
           is distinct from (coalesce(l.package -> 'may_give', 'false'), coalesce(l.package -> 'may_share', 'false'))
  ) or exists (
    select from sale_line l join product p on p.merchant_id = m and p.id = l.product_id
     where l.merchant_id = m and l.operation_id = o.id and l.package is not null
       and (l.package -> 'may_give', l.package -> 'may_share') is distinct from (p.package -> 'may_give', p.package -> 'may_share')
  ) then
    raise exception 'claims are not what was sold' using errcode = 'GT021';
  end if;
  if exists (
    select from jsonb_to_recordset(o.extras -> 'grants') as g (terms jsonb)
    having sum((g.terms ->> 'principal')::bigint) > - (select coalesce(sum(x), 0) from unnest(o.principals) as x)
        or sum((g.terms ->> 'bonus')::bigint) > - (select coalesce(sum(x), 0) from unnest(o.bonuses) as x)
  ) then
    raise exception 'claims are not what was paid for them' using errcode = 'GT004';
  end if;
end $$;

-- RF4: after its last day nothing of a claim without limit can go back for time that is left: what is not yet earned of it is.
-- One of each member at a time, so that each is planned on her as she stands; claims that are counted stay owed.
create index member_grant_lapsing on member_grant (merchant_id, expires_on, member_id) where quantity is null and value > 0;

create function due_lapses(p_business_on date, p_limit int) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
begin
  return jsonb_build_object(
    'due', (select count(*) from member_grant g where g.merchant_id = m and g.quantity is null and g.value > 0 and g.expires_on < p_business_on),
    'claims', coalesce((select jsonb_agg(jsonb_build_object('id', g.id, 'member_id', g.member_id, 'version', h.version, 'value', g.value,
          'expires_on', g.expires_on, 'name', g.terms ->> 'name', 'of', g.terms ->> 'of', 'unit', g.terms ->> 'unit') order by g.member_id)
        from (select distinct on (x.member_id) x.* from (
                select y.* from member_grant y
                 where y.merchant_id = m and y.quantity is null and y.value > 0 and y.expires_on < p_business_on
                 order by y.expires_on, y.member_id limit p_limit) x
               order by x.member_id, x.expires_on, x.id) g
        join holding h on h.merchant_id = m and h.member_id = g.member_id), '[]'));
end $$;

-- Posts them in one round trip and one transaction, and returns the ids of those posted now. Who has changed since the
-- plan was made is left out: plan her again.
create function post_lapses(
  p_till int, p_shift uuid, p_operator int, p_business_on date, p_happened_at timestamptz, p_plans jsonb
) returns setof uuid
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  e record;
  v_answer bigint[];
begin
  -- As every posting locks: the till, then the member.
  perform from till where merchant_id = m and id = p_till for update;
  for e in
    select * from jsonb_to_recordset(p_plans)
      as x (id uuid, member_id bigint, version bigint, request_hash text, document jsonb, accounts account[], amounts bigint[], extras jsonb)
    order by x.member_id
  loop
    perform from holding where merchant_id = m and member_id = e.member_id and version = e.version for update;
    continue when not found;
    v_answer := post(
      e.id, 'lapse', p_till, p_shift, p_operator, null, e.member_id, e.version, p_business_on, p_happened_at, null,
      0, false, null, null, null, null, null, null, e.accounts, e.amounts, '{}', '{}', '{}', '{}', null, null, e.extras, e.document, decode(e.request_hash, 'hex'));
    if v_answer[1] = 0 then
      return next e.id;
    end if;
  end loop;
end $$;

-- PK3: claims somebody is reminded of, each kind in the order of its index, by keyset: whose last day is near, of which little is
-- left, of which the next use is due.
create index member_grant_expiring on member_grant (merchant_id, expires_on, id) where kind = 'package' and (quantity is null or quantity > 0);
create index member_grant_low on member_grant (merchant_id, used_on, id)
  where kind = 'package' and quantity between 1 and 2 and quantity < (terms ->> 'quantity')::bigint;
create index member_grant_due on member_grant (merchant_id, (used_on + (terms ->> 'cycle_days')::int), id)
  where kind = 'package' and (quantity is null or quantity > 0) and terms ->> 'cycle_days' is not null;

-- p_kind is expiring (within p_days days), low or due; p_after is the day and the claim of the last row shown. The day is the last
-- one, the one of the last use, or the one of the next.
create function reminders(p_kind text, p_today date, p_days int, p_after_on date, p_after_id uuid, p_limit int)
returns table (grant_id uuid, member_id bigint, name text, phone text, service text, package text, unit text, quantity bigint, day date,
               used_on date, expires_on date)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  m int := seat_merchant();
  v_id uuid := coalesce(p_after_id, '00000000-0000-0000-0000-000000000000');
begin
  -- SV5: stages of contracts, the overdue ones too.
  if p_kind = 'stage' then
    return query select r.* from stages_due(m, p_today + p_days, p_after_on, v_id, p_limit) r;
    return;
  end if;
  if p_kind = 'expiring' then
    return query
      select r.* from remind(m, array(
        select g.id from member_grant g
         where g.merchant_id = m and g.kind = 'package' and (g.quantity is null or g.quantity > 0)
           and g.expires_on between p_today and p_today + p_days
           and (g.expires_on, g.id) > (coalesce(p_after_on, '-infinity'), v_id)
         order by g.expires_on, g.id limit p_limit), 'expiring') r;
  elsif p_kind = 'low' then
    return query
      select r.* from remind(m, array(
        select g.id from member_grant g
         where g.merchant_id = m and g.kind = 'package' and g.quantity between 1 and 2 and g.quantity < (g.terms ->> 'quantity')::bigint
           and coalesce(g.expires_on >= p_today, true)
           and (g.used_on, g.id) < (coalesce(p_after_on, 'infinity'), case when p_after_id is null then 'ffffffff-ffff-ffff-ffff-ffffffffffff' else p_after_id end)
         order by g.used_on desc, g.id desc limit p_limit), 'low') r;
  else
    return query
      select r.* from remind(m, array(
        select g.id from member_grant g
         where g.merchant_id = m and g.kind = 'package' and (g.quantity is null or g.quantity > 0) and g.terms ->> 'cycle_days' is not null
           and g.used_on + (g.terms ->> 'cycle_days')::int between p_today - 90 and p_today + p_days
           and coalesce(g.expires_on >= p_today, true)
           and (g.used_on + (g.terms ->> 'cycle_days')::int, g.id) > (coalesce(p_after_on, '-infinity'), v_id)
           -- She was here for it since, with another card.
           and not exists (select from member_grant x
             where x.merchant_id = m and x.member_id = g.member_id and (x.quantity is null or x.quantity > 0) and x.product_id = g.product_id and x.used_on > g.used_on)
         order by g.used_on + (g.terms ->> 'cycle_days')::int, g.id limit p_limit), 'due') r;
  end if;
end $$;

-- These claims with their members, in this order.
create function remind(m int, p_grants uuid[], p_kind text)
returns table (grant_id uuid, member_id bigint, name text, phone text, service text, package text, unit text, quantity bigint, day date,
               used_on date, expires_on date)
language sql stable
as $$
  select g.id, t.id, t.name,
         (select left(c.value, 3) || '****' || right(c.value, 4) from credential c
           where c.merchant_id = m and c.member_id = t.id and c.kind = 'phone' limit 1),
         g.terms ->> 'name', g.terms ->> 'of', g.terms ->> 'unit', g.quantity::bigint,
         case p_kind when 'expiring' then g.expires_on when 'low' then g.used_on else g.used_on + (g.terms ->> 'cycle_days')::int end,
         g.used_on, g.expires_on
    from unnest(p_grants) with ordinality as x (id, turn)
    join member_grant g on g.merchant_id = m and g.id = x.id
    join member t on t.merchant_id = m and t.id = g.member_id
   order by x.turn
$$;

grant execute on function due_lapses, post_lapses, reminders to guitai_app;

reset role;
