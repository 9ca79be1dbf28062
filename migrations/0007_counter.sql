-- What the counter reads, each in one round trip.
--
-- Where a plan takes longer to make than to carry out, the function keeps the first one: every question has its
-- index, whatever is asked for.

set role guitai_ledger;

-- The shop's terms for one till.
create function shop(p_till int) returns jsonb
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select to_jsonb(m) || jsonb_build_object(
    'levels', coalesce((select jsonb_agg(to_jsonb(l) order by l.rank) from level l where l.merchant_id = m.merchant_id), '[]'),
    'rules', coalesce((
      select jsonb_agg(to_jsonb(r) order by r.amount, r.id) from (
        select distinct on (id) * from top_up_rule where merchant_id = m.merchant_id order by id, version desc) r), '[]'),
    'limits', coalesce((select jsonb_agg(to_jsonb(r) order by r.role) from role_limit r where r.merchant_id = m.merchant_id), '[]'),
    'categories', coalesce((select jsonb_agg(to_jsonb(c) order by c.id) from category c where c.merchant_id = m.merchant_id), '[]'),
    'stores', coalesce((select jsonb_agg(to_jsonb(s) order by s.id) from store s where s.merchant_id = m.merchant_id), '[]'),
    'labels', coalesce((select jsonb_agg(to_jsonb(r) order by r.prefix, r.id) from label_rule r where r.merchant_id = m.merchant_id), '[]'),
    'promotions', coalesce((
      select jsonb_agg(p.body || jsonb_build_object('id', p.id, 'version', p.version, 'name', p.name, 'active', p.active) order by p.id) from (
        select distinct on (id) * from promotion where merchant_id = m.merchant_id order by id, version desc) p), '[]'),
    'check_in', (select c.body || jsonb_build_object('version', c.version) from check_in_rule c where c.merchant_id = m.merchant_id order by c.version desc limit 1),
    'rewards', coalesce((
      select jsonb_agg(r.body || jsonb_build_object('id', r.id, 'version', r.version, 'name', r.name, 'active', r.active) order by r.id) from (
        select distinct on (id) * from reward where merchant_id = m.merchant_id order by id, version desc) r), '[]'),
    'recipes', coalesce((
      select jsonb_agg(jsonb_build_object('service_id', r.service_id, 'version', r.version, 'items', r.items) order by r.service_id) from (
        select distinct on (service_id) * from recipe where merchant_id = m.merchant_id order by service_id, version desc) r), '[]'),
    'goods', coalesce((select jsonb_agg(to_jsonb(g) - 'grams' order by g.id) from product g
      where g.merchant_id = m.merchant_id and g.active and g.id in (
        select x::int from promotion p, jsonb_path_query(p.body, '$.offer.gifts.rungs[*].gives.product_id') x where p.merchant_id = m.merchant_id
        union select x::int from promotion p, jsonb_path_query(p.body, '$.scope.products[*]') x where p.merchant_id = m.merchant_id
        union select x::int from coupon_rule p, jsonb_path_query(p.body, '$.scope.products[*]') x where p.merchant_id = m.merchant_id
        union select l.product_id from level l where l.merchant_id = m.merchant_id
        union select (r.body #>> '{gives,goods,product_id}')::int from reward r where r.merchant_id = m.merchant_id)), '[]'),
    -- Those with a limit say how many there are.
    'coupons', coalesce((
      select jsonb_agg(c.body || jsonb_build_object('id', c.id, 'version', c.version, 'name', c.name, 'active', c.active,
          'given', case when c.body ->> 'total' is null then 0
            else (select count(*) from member_grant g where g.merchant_id = m.merchant_id and g.rule_id = c.id and g.kind <> 'package') end) order by c.id) from (
        select distinct on (id) * from coupon_rule where merchant_id = m.merchant_id order by id, version desc) c), '[]'),
    'gifts', coalesce((
      select jsonb_agg(g.body || jsonb_build_object('id', g.id, 'version', g.version, 'name', g.name, 'active', g.active, 'since', g.since) order by g.id) from (
        select distinct on (id) * from gift_rule where merchant_id = m.merchant_id order by id, version desc) g), '[]'),
    'plans', coalesce((
      select jsonb_agg(p.body || jsonb_build_object('id', p.id, 'version', p.version, 'name', p.name, 'active', p.active) order by p.id) from (
        select distinct on (id) * from contract_plan where merchant_id = m.merchant_id order by id, version desc) p), '[]'),
    'packages', coalesce((select jsonb_agg(to_jsonb(p) - 'grams' order by p.spelling, p.id) from product p
        where p.merchant_id = m.merchant_id and p.kind = 'package'), '[]'),
    'services', coalesce((select jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name, 'price', p.price) order by p.spelling, p.id) from product p
        where p.merchant_id = m.merchant_id and p.kind = 'service' and p.active), '[]'),
    'tills', coalesce((select jsonb_agg(to_jsonb(t) - 'head' order by t.id) from till t where t.merchant_id = m.merchant_id), '[]'))
  from merchant m
  where m.merchant_id = (select s.merchant_id from seat s where s.role_name = session_user and coalesce(s.till_id, p_till) = p_till)
$$;

-- The day of the first top-up of somebody that was not taken back.
create function first_top_up(m int, p_member bigint) returns date
language sql stable
as $$
  select min(o.business_on) from operation o
   where o.merchant_id = m and o.kind = 'top_up'
     and o.member_id = any (array[p_member] || (select t.absorbed from member t where t.merchant_id = m and t.id = p_member))
     and not exists (select from operation r where r.merchant_id = m and r.about_id = o.id and r.kind = 'top_up_reversal')
$$;

-- What the rules of gifts ask for: what she was given under any of her names, since when she has her level, who brought her
-- and whom she brought (OR6).
create function occasions(m int, p_member bigint, p_names bigint[], p_level int) returns jsonb
language sql stable
as $$
  select jsonb_build_object(
    'given', coalesce((select jsonb_agg(jsonb_build_array(g.rule_id, g.key) order by g.rule_id, g.key) from gift_given g
       where g.merchant_id = m and g.member_id = any (p_names)), '[]'),
    'level_on', (select max(o.business_on) from level_change c join operation o on o.merchant_id = m and o.id = c.operation_id
       where c.merchant_id = m and c.member_id = p_member and c.to_level_id = p_level),
    'brought_by', (select jsonb_build_object('member_id', r.referrer_id, 'topped_up_on', first_top_up(m, r.member_id)) from referral r
       where r.merchant_id = m and r.member_id = any (p_names) order by r.at limit 1),
    'brought', coalesce((select jsonb_agg(jsonb_build_object('member_id', r.member_id, 'topped_up_on', first_top_up(m, r.member_id)) order by r.member_id) from referral r
       where r.merchant_id = m and r.referrer_id = any (p_names) and r.member_id <> all (p_names)), '[]'))
$$;

-- The member card: everything the counter shows and every plan needs. The phone is masked here already.
-- In plpgsql, which plans it once and not at every scan; as text, which is written once and not taken apart.
create function member_card(m int, p_member bigint) returns json
language plpgsql stable
as $$
begin
  return (select json_build_object(
    'id', t.id, 'version', h.version, 'merged', case when t.absorbed is not null then merged_last(m, t.id) end, 'edition', t.version, 'name', t.name,
    'phone', (select left(c.value, 3) || '****' || right(c.value, 4) from credential c
               where c.merchant_id = m and c.member_id = t.id and c.kind = 'phone' and c.state = 'active'
               order by cardinality(c.came_with) limit 1),
    'level', to_jsonb(l), 'principal', h.principal, 'bonus', h.bonus, 'points', h.points,
    'visits', h.visits, 'first_visit_on', h.first_visit_on, 'last_visit_on', h.last_visit_on, 'due_on', h.due_on,
    'spend', h.spend, 'spend_year', coalesce((select sum(o.spend) from operation o
        where o.merchant_id = m and o.member_id = any (array[t.id] || t.absorbed) and o.business_on > (now() at time zone 'Asia/Shanghai')::date - interval '1 year'), 0)::bigint,
    'birth_year', t.birth_year, 'birth_month', t.birth_month, 'birth_day', t.birth_day, 'gender', t.gender,
    'notes', t.notes, 'joined_on', t.joined_on, 'is_bearer', t.is_bearer,
    'lots', coalesce((select json_agg(json_build_object('id', x.id, 'kind', x.kind, 'opened_at', x.opened_at, 'expires_on', x.expires_on,
          'principal', x.principal, 'bonus', x.bonus, 'points', x.points,
          -- SV2: the terms it was sold under, which nobody can change any more.
          'spend_order', (select o.document ->> 'spend_order' from operation o
             where x.kind = 'stored_value' and o.merchant_id = m and o.id = x.operation_id)) order by x.opened_at, x.id)
        from lot x where x.merchant_id = m and x.member_id = t.id
         and (x.principal <> 0 or x.bonus <> 0 or x.points <> 0 or x.kind <> 'stored_value')), '[]'),
    'instalments', coalesce((select jsonb_agg(jsonb_build_object('operation_id', i.operation_id, 'no', i.no, 'lot_id', i.lot_id,
          'due_on', i.due_on, 'bonus', i.bonus, 'valid_days', i.valid_days) order by i.due_on, i.no)
        from instalment i where i.merchant_id = m and i.member_id = t.id and i.released_by is null and i.cancelled_by is null), '[]'),
    'checked_in', (select jsonb_build_object('day', c.day, 'at', c.at, 'streak', c.streak) from check_in c
        where c.merchant_id = m and c.member_id = t.id order by c.day desc limit 1),
    'grants', coalesce((select json_agg(g order by g.expires_on, g.opened_at, g.id)
        from (select x.id, x.operation_id, x.no, x.kind, x.product_id, x.quantity, x.value, x.opened_at, x.expires_on, x.used_on, x.given_on, x.terms from member_grant x
               where x.merchant_id = m and x.member_id = t.id and (x.quantity is null or x.quantity > 0) and x.kind in ('package', 'deposit')
              union all
              -- What was paid for stays hers; of what was given the last to expire, however many are past.
              (select x.id, x.operation_id, x.no, x.kind, x.product_id, x.quantity, x.value, x.opened_at, x.expires_on, x.used_on, x.given_on, x.terms from member_grant x
                where x.merchant_id = m and x.member_id = t.id and x.quantity > 0 and x.kind <> 'package' and x.kind <> 'deposit'
                order by x.expires_on desc nulls first, x.opened_at desc, x.id limit 100)) g), '[]'),
    'contracts', contracts_of(m, array[t.id] || t.absorbed),
    'occasions', occasions(m, t.id, array[t.id] || t.absorbed, h.level_id),
    -- How many coupons of each rule she was ever given.
    'given', coalesce((select jsonb_object_agg(x.rule_id, x.count) from (
        select y.rule_id, count(*) from member_grant y where y.merchant_id = m and y.member_id = t.id and y.kind <> 'package' and y.rule_id is not null group by 1) x), '{}'),
    'family', family(m, t.id))
  from member t
  join holding h on h.merchant_id = m and h.member_id = t.id
  join level l on l.merchant_id = m and l.id = h.level_id
  where t.merchant_id = m and t.id = p_member);
end $$;

-- Of a member who was merged into another, that one's.
create function read_member(p_member bigint) returns json
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan
as $$ begin return member_card(seat_merchant(), survivor(seat_merchant(), p_member)); end $$;

-- The one member who has a card among these numbers, or one of five bytes that ends in these three.
create function card_like(m int, p_values text[], p_low int) returns table (member_id bigint, card text)
language sql stable
as $$
  select min(n.member_id), min(n.value) from (
    select c.member_id, c.value from credential c
     where c.merchant_id = m and c.value = any (p_values) and c.kind = 'card' and c.state = 'active'
    union all
    select c.member_id, c.value from credential c
     where c.merchant_id = m and chip_low(c.value) = p_low and c.kind = 'card' and c.state = 'active') n
  having count(distinct n.member_id) = 1
$$;

-- A scanned code, in all its spellings: whose it is and everything about it. Null when nobody's. A card that
-- nobody has may be one that another reader prints in another form: one member's, or it is not said. What is
-- known of the reader (p_sure, and p_low when p_low_sure) names her; anything else is asked about.
create function scan(p_codes text[], p_sure text[], p_near text[], p_low int, p_low_sure boolean) returns json
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan
as $$
declare
  m int := seat_merchant();
  c credential%rowtype;
  v json;
begin
  select * into c from credential where merchant_id = m and value = any (p_codes) order by state, kind limit 1;
  if found then
    if c.state <> 'active' then
      return json_build_object('blocked', c.state);
    end if;
    return json_build_object('member', member_card(m, c.member_id));
  end if;
  select json_build_object('product', to_jsonb(p) - 'grams') into v
    from product p where p.merchant_id = m and p.code = any (p_codes) and p.active limit 1;
  if found then
    return v;
  end if;
  select json_build_object('staff', s.number) into v from staff s where s.merchant_id = m and s.badge = any (p_codes) and s.active limit 1;
  if found then
    return v;
  end if;
  if cardinality(p_sure) > 0 or p_low_sure then
    select json_build_object('member', member_card(m, x.member_id)) into v
      from card_like(m, p_sure, case when p_low_sure then p_low end) x;
    if found then
      return v;
    end if;
  end if;
  if cardinality(p_near) > 0 or (p_low is not null and not p_low_sure) then
    select json_build_object('like', json_build_object('member', member_card(m, x.member_id), 'card', x.card)) into v
      from card_like(m, p_near, p_low) x;
  end if;
  return v;
end $$;

-- The item of a scale label: the first of these codes that goods have.
create function goods(p_codes text[]) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan
as $$
begin
  return (select jsonb_build_object('product', to_jsonb(p) - 'grams') from product p
           where p.merchant_id = seat_merchant() and p.code = any (p_codes) and p.active
           order by array_position(p_codes, p.code) limit 1);
end $$;

-- Candidates while typing. One shape for members and products.
create type candidate as (
  kind text, id bigint, name text, phone text, code text, level text, amount bigint, last_visit_on date
);

create function member_candidates(m int, p_ids bigint[]) returns setof candidate
language sql stable
as $$
  select 'member', t.id, t.name,
         (select left(c.value, 3) || '****' || right(c.value, 4) from credential c
           where c.merchant_id = m and c.member_id = t.id and c.kind = 'phone' limit 1),
         null, l.name, h.principal + h.bonus, h.last_visit_on
  from unnest(p_ids) with ordinality as x (id, turn)
  join member t on t.merchant_id = m and t.id = x.id
  join holding h on h.merchant_id = m and h.member_id = t.id
  join level l on l.merchant_id = m and l.id = h.level_id
  order by x.turn
$$;

-- Digits: the tail of a phone when there are four, then phones, cards and codes that begin so.
create function digits_candidates(p_digits text, p_limit int) returns setof candidate
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan
as $$
declare
  m int := seat_merchant();
  v_ids bigint[] := '{}';
begin
  if length(p_digits) = 4 then
    v_ids := array(select x.member_id from (
        select c.member_id from credential c where c.merchant_id = m and c.tail = p_digits and c.state = 'active' limit 200) x
      join holding h on h.merchant_id = m and h.member_id = x.member_id
      order by h.last_visit_on desc nulls last, x.member_id limit p_limit);
  end if;
  if cardinality(v_ids) < p_limit then
    v_ids := v_ids || array(
      select x.member_id from (
        select c.member_id from credential c
         where c.merchant_id = m and c.value >= p_digits and c.value < p_digits || chr(1114111) and c.state = 'active'
           -- A gift card is found by its whole number, by whoever has it (SV10).
           and (c.value = p_digits or not exists (select from member b where b.merchant_id = m and b.id = c.member_id and b.is_bearer))
         order by c.value limit p_limit) x
       where x.member_id <> all (v_ids) limit p_limit - cardinality(v_ids));
  end if;
  return query select * from member_candidates(m, v_ids);
  return query
    select 'product', p.id::bigint, p.name, null::text, p.code, null::text, p.price, null::date from product p
     where p.merchant_id = m and p.active
       and ((p.code >= p_digits and p.code < p_digits || chr(1114111))
         or (length(p_digits) >= 3 and p.code >= '0' || p_digits and p.code < '0' || p_digits || chr(1114111)))
     order by p.code limit p_limit;
end $$;

-- Letters: pinyin initials first, then full pinyin.
create function letters_candidates(p_letters text, p_limit int) returns setof candidate
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan
as $$
declare
  m int := seat_merchant();
  v_ids bigint[];
begin
  v_ids := array(select t.id from member t
    where t.merchant_id = m and t.initials >= p_letters and t.initials < p_letters || chr(1114111) and t.merged_into is null
    order by t.initials limit p_limit);
  if cardinality(v_ids) < p_limit then
    v_ids := v_ids || array(select x.id from (select t.id from member t
      where t.merchant_id = m and t.spelling >= p_letters and t.spelling < p_letters || chr(1114111) and t.merged_into is null
      order by t.spelling limit p_limit) x where x.id <> all (v_ids) limit p_limit - cardinality(v_ids));
  end if;
  return query select * from member_candidates(m, v_ids);
  return query
    select 'product', p.id::bigint, p.name, null::text, p.code, null::text, p.price, null::date from product p
     where p.merchant_id = m and p.active
       and ((p.initials >= p_letters and p.initials < p_letters || chr(1114111))
         or (p.spelling >= p_letters and p.spelling < p_letters || chr(1114111)))
     order by p.spelling limit p_limit;
end $$;

-- Characters: the name itself, names that begin so, then names that contain every pair of them.
create function name_candidates(p_name text, p_grams text[], p_limit int) returns setof candidate
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan
as $$
declare
  m int := seat_merchant();
  v_ids bigint[];
begin
  v_ids := array(select t.id from member t
    where t.merchant_id = m and t.name >= p_name and t.name < p_name || chr(1114111) and t.merged_into is null
    order by t.name limit p_limit);
  if cardinality(v_ids) < p_limit then
    v_ids := v_ids || array(select t.id from member t
      where t.merchant_id = m and t.grams @> p_grams and t.merged_into is null and t.id <> all (v_ids)
      limit p_limit - cardinality(v_ids));
  end if;
  return query select * from member_candidates(m, v_ids);
  return query
    select 'product', p.id::bigint, p.name, null::text, p.code, null::text, p.price, null::date from product p
     where p.merchant_id = m and p.active and (p.grams @> p_grams)
     order by lower(p.name) = lower(p_name) desc, starts_with(lower(p.name), lower(p_name)) desc, p.name limit p_limit;
end $$;

-- OR1, sorted by value at risk and then the newest member, by keyset. p_days is days since the last visit;
-- p_rhythm asks for those past their own rhythm instead. p_after is (at_risk, member_id) of the last row shown.
--
-- Every level gives its next rows in the order of its index and the best of them are looked up: a rare level is
-- as quick as all of them. Every condition is one of the index, so that only rows that match are read.
create function dormant(
  p_today date, p_days int, p_rhythm boolean, p_max_days int, p_level int, p_balance bigint,
  p_after_risk bigint, p_after_member bigint, p_limit int
) returns table (member_id bigint, name text, phone text, level text, last_visit_on date, due_on date,
                 principal bigint, bonus bigint, at_risk bigint, visits int)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  m int := seat_merchant();
  v_from date := coalesce(p_today - p_max_days, '-infinity');
  v_to date := case when p_rhythm then p_today else p_today - p_days - 1 end;
  v_due date := case when p_rhythm then p_today - 1 else 'infinity' end;
  v_balance bigint := coalesce(p_balance, 0);
begin
  return query
    select h.member_id, t.name,
           (select left(c.value, 3) || '****' || right(c.value, 4) from credential c
             where c.merchant_id = m and c.member_id = h.member_id and c.kind = 'phone' limit 1),
           h.level, h.last_visit_on, h.due_on, h.principal::bigint, h.bonus::bigint, h.at_risk, h.visits
    from (
      select l.name as level, y.*
      from level l
      cross join lateral (
        select * from holding x
         where x.merchant_id = m and x.level_id = l.id
           and (x.at_risk, x.member_id) < (coalesce(p_after_risk, 9223372036854775807), coalesce(p_after_member, 0))
           and x.last_visit_on between v_from and v_to
           and coalesce(x.due_on, 'infinity') <= v_due
           -- Who has so much money here has at least as much at risk.
           and x.principal + x.bonus >= v_balance and x.at_risk >= v_balance
         order by x.at_risk desc, x.member_id desc
         limit p_limit) y
      where l.merchant_id = m and (p_level is null or l.id = p_level)
      order by y.at_risk desc, y.member_id desc
      limit p_limit
    ) h
    join member t on t.merchant_id = m and t.id = h.member_id
    order by h.at_risk desc, h.member_id desc;
end $$;

-- A posted sale with everything done to it since: what a return is planned on.
create function read_sale(p_id uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select jsonb_build_object(
    'id', o.id, 'seq', o.seq, 'at', o.happened_at, 'shift_id', o.shift_id,
    'member_id', coalesce(o.member_id, (select a.member_id from operation a where a.merchant_id = o.merchant_id and a.about_id = o.id and a.kind = 'attach')),
    'lines', (select jsonb_agg(to_jsonb(l) - 'merchant_id' - 'operation_id'
                || jsonb_build_object('returned', coalesce(r.quantity, 0), 'returned_net', coalesce(r.net, 0)) order by l.no)
              from sale_line l left join returned r on (r.merchant_id, r.operation_id, r.no) = (l.merchant_id, l.operation_id, l.no)
              where l.merchant_id = o.merchant_id and l.operation_id = o.id),
    'rounding', (o.document ->> 'rounding')::bigint,
    'left', (select coalesce(jsonb_agg(jsonb_build_object('account', x.account, 'lot_id', x.lot_id, 'amount', x.amount) order by x.no), '[]')
             from (select p.account, p.lot_id, sum(p.amount) as amount, min(p.no) filter (where p.operation_id = o.id) as no
                   from operation k join posting p on p.merchant_id = k.merchant_id and p.operation_id = k.id
                   where k.merchant_id = o.merchant_id and (k.id = o.id or (k.about_id = o.id and k.kind = 'refund'))
                     and p.account not in ('revenue', 'discount', 'rounding', 'unearned', 'points', 'points_granted', 'points_spent', 'units', 'units_granted')
                   group by p.account, p.lot_id) x),
    'points', coalesce((select sum(p.amount) from operation k join posting p on p.merchant_id = k.merchant_id and p.operation_id = k.id
             where k.merchant_id = o.merchant_id and (k.id = o.id or (k.about_id = o.id and k.kind = 'attach')) and p.account = 'points' and p.amount > 0), 0),
    'points_back', coalesce((select -sum(p.amount) from operation k join posting p on p.merchant_id = k.merchant_id and p.operation_id = k.id
             where k.merchant_id = o.merchant_id and k.about_id = o.id and k.kind = 'refund' and p.account = 'points' and p.amount < 0), 0),
    'points_lots', coalesce((select jsonb_agg(distinct p.lot_id) from operation k join posting p on p.merchant_id = k.merchant_id and p.operation_id = k.id
             where k.merchant_id = o.merchant_id and (k.id = o.id or (k.about_id = o.id and k.kind = 'attach')) and p.account = 'points' and p.amount > 0), '[]'),
    -- PT6: what of her points paid, in the order they went, and what of it came back.
    'points_spent', coalesce((select jsonb_agg(jsonb_build_array(p.lot_id, - p.amount) order by p.no) from posting p
             where p.merchant_id = o.merchant_id and p.operation_id = o.id and p.account = 'points' and p.amount < 0), '[]'),
    'points_returned', coalesce((select sum(p.amount) from operation k join posting p on p.merchant_id = k.merchant_id and p.operation_id = k.id
             where k.merchant_id = o.merchant_id and k.about_id = o.id and k.kind = 'refund' and p.account = 'points' and p.amount > 0), 0),
    'returned_before', coalesce((select (a.document ->> 'returned')::bigint from operation a
             where a.merchant_id = o.merchant_id and a.about_id = o.id and a.kind = 'attach'), 0),
    -- What the points are for, by the operation that granted them.
    'base', coalesce((select sum((s ->> 'fen')::bigint) from operation k, jsonb_array_elements(k.document -> 'shares') s
             where k.merchant_id = o.merchant_id and (k.id = o.id or (k.about_id = o.id and k.kind = 'attach'))), 0)::bigint,
    'grants', coalesce((select jsonb_agg(jsonb_build_object('no', g.no, 'id', g.id, 'operation_id', g.operation_id, 'kind', g.kind, 'product_id', g.product_id, 'quantity', g.quantity,
               'value', g.value, 'opened_at', g.opened_at, 'expires_on', g.expires_on, 'used_on', g.used_on, 'terms', g.terms) order by g.no, g.id)
             from member_grant g where g.merchant_id = o.merchant_id and g.operation_id = o.id), '[]'),
    'coupons', coalesce((select jsonb_agg(jsonb_build_object('grant_id', u.grant_id, 'expires_on', u.expires_on) order by u.grant_id)
             from (select g.id as grant_id, g.expires_on from operation k cross join lateral jsonb_to_recordset(k.extras -> 'moves') as t (grant_id uuid, quantity bigint)
                   join member_grant g on g.merchant_id = k.merchant_id and g.id = t.grant_id and g.kind = 'coupon' and g.operation_id <> o.id
                   where o.extras ? 'moves' and k.merchant_id = o.merchant_id and (k.id = o.id or (k.about_id = o.id and k.kind = 'refund'))
                   group by 1, 2 having sum(t.quantity) < 0) u), '[]'),
    'grace_days', (select w.coupon_grace_days from merchant w where w.merchant_id = o.merchant_id))
  from operation o
  where o.merchant_id = (select seat_merchant()) and o.id = p_id and o.kind = 'sale'
$$;

-- OP3: what she loaded for this member in this shift by herself: the next one needs approval above it.
create function read_loaded_alone(p_member bigint, p_shift uuid, p_operator int) returns bigint
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$ begin return loaded_alone(seat_merchant(), p_member, p_shift, p_operator); end $$;

-- SV5: whether a later stage of the contract was paid.
create function is_followed(m int, p_id uuid) returns boolean
language plpgsql stable
as $$
begin
  return exists (select from contract_stage s join contract_stage l on l.merchant_id = m and l.contract_id = s.contract_id and l.no > s.no and l.reversed_by is null
    where s.merchant_id = m and s.operation_id = p_id);
end $$;

-- A posted top-up with all that was paid out on it since: what its reversal is planned on.
create function read_top_up(p_id uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select jsonb_build_object(
    'id', o.id, 'seq', o.seq, 'member_id', o.member_id, 'at', o.happened_at, 'shift_id', o.shift_id,
    'amount', (o.document ->> 'amount')::bigint,
    'lot_id', (select p.lot_id from posting p where p.merchant_id = o.merchant_id and p.operation_id = o.id and p.account = 'principal'),
    'bonus', b.bonus, 'parts', b.parts,
    'points', coalesce((select sum(p.amount) from posting p where p.merchant_id = o.merchant_id and p.operation_id = o.id and p.account = 'points'), 0),
    'points_lots', coalesce((select jsonb_agg(p.lot_id) from posting p where p.merchant_id = o.merchant_id and p.operation_id = o.id and p.account = 'points'), '[]'),
    'level_before', (select c.from_level_id from level_change c where c.merchant_id = o.merchant_id and c.operation_id = o.id),
    'level_after', (select c.to_level_id from level_change c where c.merchant_id = o.merchant_id and c.operation_id = o.id),
    'tenders', o.document -> 'tenders',
    -- SV5: of a stage, whether a later one was paid.
    'is_followed', is_followed(o.merchant_id, o.id),
    'claims', coalesce((select jsonb_agg(jsonb_build_object('grant_id', g.id, 'quantity', coalesce(g.quantity, 0), 'value', 0) order by g.id) from member_grant g
       where g.merchant_id = o.merchant_id and g.operation_id = o.id and (g.quantity is null or g.quantity > 0)), '[]'),
    'reversed', exists (select from operation k where k.merchant_id = o.merchant_id and k.about_id = o.id and k.kind = 'top_up_reversal'))
  from operation o
  -- Its bonus, lot by lot: the first one's, and those of parts that got a lot of their own. What has expired
  -- is gone and nothing to take back.
  cross join lateral (
    select coalesce(sum(g.bonus), 0) as bonus,
           coalesce(jsonb_agg(jsonb_build_object('lot_id', g.lot_id, 'bonus', g.bonus)) filter (where g.is_part), '[]') as parts
      from (select r.lot_id, r.lot_id <> (select q.lot_id from posting q where q.merchant_id = o.merchant_id and q.operation_id = o.id and q.account = 'principal') as is_part,
                   r.granted + coalesce((select sum(p.amount) from operation k join posting p on p.merchant_id = k.merchant_id and p.operation_id = k.id
                      where k.merchant_id = o.merchant_id and k.member_id in (o.member_id, survivor(o.merchant_id, o.member_id)) and k.kind = 'expiry' and p.account = 'bonus' and p.lot_id = r.lot_id), 0) as bonus
              from (select p.lot_id, sum(p.amount) as granted from operation k join posting p on p.merchant_id = k.merchant_id and p.operation_id = k.id
                     where k.merchant_id = o.merchant_id and (k.id = o.id or (k.about_id = o.id and k.kind = 'instalment')) and p.account = 'bonus'
                     group by p.lot_id) r) g) b
  where o.merchant_id = (select seat_merchant()) and o.id = p_id and o.kind = 'top_up'
$$;

-- A sale put aside, and taken up again by whoever is first.
create function hold_sale(p_id uuid, p_till int, p_staff int, p_at timestamptz, p_label text, p_total bigint, p_cart jsonb) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into held_sale
    select t.merchant_id, p_id, t.store_id, t.id, p_staff, p_at, p_label, p_total, p_cart
    from till t where t.merchant_id = seat_merchant() and t.id = p_till
  on conflict do nothing;
  perform tell(seat_merchant(), 'held_sale');
  return true;
end $$;

create function take_held_sale(p_id uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare v jsonb;
begin
  delete from held_sale where merchant_id = seat_merchant() and id = p_id returning cart into v;
  if found then
    perform tell(seat_merchant(), 'held_sale');
  end if;
  return v;
end $$;

grant execute on function shop, read_member, scan, goods, digits_candidates, letters_candidates, name_candidates, dormant,
  read_sale, read_loaded_alone, read_top_up, hold_sale, take_held_sale to guitai_app;

reset role;
