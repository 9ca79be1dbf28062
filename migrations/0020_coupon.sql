-- Coupons and entitlements: given under a rule, used once (PR4).

set role guitai_ledger;

-- What an operation gives is what the newest version of its rule says, to whom it says, as often as it says. Whoever
-- gives one by hand has the right to set prices, or somebody's approval who has it.
create function refuse_other_coupons(m int, o operation) returns void
language plpgsql
as $$
declare
  g record;
  r coupon_rule%rowtype;
begin
  for g in
    select * from jsonb_to_recordset(o.extras -> 'grants')
      as t (id uuid, kind grant_kind, rule_id int, quantity bigint, value bigint, expires_on date, terms jsonb, bearer boolean)
     where t.kind in ('coupon', 'entitlement') order by t.rule_id
  loop
    -- Whoever gives the last one keeps the others waiting.
    select * into r from coupon_rule where merchant_id = m and id = g.rule_id order by version desc limit 1;
    if r.body ->> 'total' is not null then
      perform from coupon_rule where merchant_id = m and id = g.rule_id and version = r.version for update;
    end if;
    if r.id is null or not r.active or g.terms #>> '{coupon,version}' is distinct from r.version::text then
      raise exception 'coupon rule % is another by now', g.rule_id using errcode = 'GT001';
    end if;
    if g.kind <> (case when r.body -> 'gives' = '"right"' then 'entitlement' when r.body -> 'gives' ? 'multiply' then 'multiplier' else 'coupon' end)::grant_kind
       or g.quantity is distinct from (r.body ->> 'uses')::bigint or g.value <> 0
       or g.expires_on is distinct from least((r.body #>> '{when,until}')::date, o.business_on + (r.body ->> 'valid_days')::int)
       or g.expires_on < o.business_on
       or g.terms #> '{coupon,transferable}' is distinct from r.body -> 'transferable'
       or g.terms ->> 'name' is distinct from r.name
       or not g.terms -> 'coupon' @> ((r.body - 'valid_days' - 'uses' - 'per_member' - 'total' - 'on_receipt') #- '{when,until}')
       or (g.bearer is true) <> (o.member_id is null)
       or (o.kind = 'sale' and ((r.body ->> 'on_receipt')::bigint
           <= (select sum(l.net) from sale_line l where l.merchant_id = m and l.operation_id = o.id)) is not true) then
      raise exception 'not what coupon rule % gives: %', g.rule_id, g.terms using errcode = 'GT004';
    end if;
    if (r.body ->> 'total')::bigint < (select count(*) from member_grant x where x.merchant_id = m and x.rule_id = r.id and x.kind <> 'package')
       or (o.member_id is not null and (r.body ->> 'per_member')::bigint <
         (select count(*) from member_grant x where x.merchant_id = m and x.rule_id = r.id and x.member_id = o.member_id and x.kind <> 'package')) then
      raise exception 'all of coupon rule % are given', g.rule_id using errcode = 'GT022';
    end if;
  end loop;
  if o.kind = 'gift' and not o.document ? 'gift' and o.approver_id is null and not exists (
    select from staff s join role_limit l on l.merchant_id = s.merchant_id and l.role = s.role
     where s.merchant_id = m and s.id = o.operator_id and s.active and l.price_override
  ) then
    raise exception 'staff % may not give coupons', o.operator_id using errcode = 'GT006';
  end if;
end $$;

-- A coupon is used by a sale and comes back with its return, once each. One that is past by then counts for some days
-- more (RF6). What a returned sale gave goes with it, unless it was used.
create function move_coupon(m int, o operation, p_grant uuid, p_quantity bigint, p_value bigint, p_until date) returns void
language plpgsql
as $$
declare
  g member_grant%rowtype;
begin
  select * into g from member_grant where merchant_id = m and id = p_grant for update;
  if p_value <> 0 or (p_quantity in (-1, 1)) is not true or (g.member_id is not null and g.member_id is distinct from o.member_id) then
    raise exception 'coupon % is not theirs', p_grant using errcode = 'GT004';
  end if;
  if o.kind = 'sale' then
    if p_quantity <> -1 or g.quantity < 1 or p_until is not null then
      raise exception 'coupon % was used', p_grant using errcode = 'GT001';
    end if;
    if g.expires_on < o.business_on or g.operation_id = o.id then
      raise exception 'coupon % does not count', p_grant using errcode = 'GT001';
    end if;
  elsif p_quantity = 1 then
    -- LG3: it was used there, and came back from there not more than once.
    if (select sum(t.quantity) from operation k cross join lateral jsonb_to_recordset(k.extras -> 'moves') as t (grant_id uuid, quantity bigint)
         where k.merchant_id = m and (k.id = o.about_id or k.about_id = o.about_id) and t.grant_id = p_grant) is distinct from 0 then
      raise exception 'coupon % is back already', p_grant using errcode = 'GT007';
    end if;
    if p_until is distinct from (case when g.expires_on < o.business_on
         then o.business_on + (select coupon_grace_days from merchant where merchant_id = m) end) then
      raise exception 'coupon % does not count until %', p_grant, p_until using errcode = 'GT001';
    end if;
  elsif g.operation_id <> o.about_id or g.quantity < 1 or p_until is not null then
    raise exception 'coupon % was used', p_grant using errcode = 'GT001';
  end if;
  update member_grant
     set quantity = quantity + p_quantity, expires_on = greatest(expires_on, p_until),
         used_on = case when o.kind = 'sale' then o.business_on when p_quantity = -1 then used_on end
   where merchant_id = m and id = p_grant;
end $$;

-- What the receipt says a coupon took off is one that was used, whose time, place and amount it is; and one that is used took
-- something off.
create function refuse_coupons(m int, o operation) returns void
language plpgsql
as $$
declare
  r record;
  v_at timestamptz := (o.document ->> 'priced_at')::timestamptz;
begin
  for r in
    with used as (
      select (g.terms #>> '{coupon,id}')::int as id, (g.terms #>> '{coupon,version}')::int as version, count(*) as uses,
             (array_agg(g.terms -> 'coupon'))[1] as body, max(g.member_id) as member_id
        from jsonb_to_recordset(o.extras -> 'moves') as t (grant_id uuid)
        join member_grant g on g.merchant_id = m and g.id = t.grant_id and g.kind <> 'deposit' group by 1, 2),
    named as (
      select (x #>> '{rule,id}')::int as id, (x #>> '{rule,version}')::int as version, sum((x ->> 'fen')::bigint) as fen
        from jsonb_path_query(o.lines, '$[*].reductions[*] ? (@.reason == "coupon")') x group by 1, 2)
    select u.*, n.fen, n.id as named from used u full join named n on n.id = u.id and n.version = u.version
  loop
    if r.named is null or r.id is null or v_at is null then
      raise exception 'coupons are not what the receipt says: %', o.lines using errcode = 'GT004';
    end if;
    if r.body ->> 'gives' is null or not promotion_holds(r.body, v_at)
       or not (coalesce(r.body #> '{who,stores}', '[]') = '[]' or r.body #> '{who,stores}' @> to_jsonb(o.store_id))
       or (o.member_id is null and (r.body #> '{who,members_only}' = 'true' or coalesce(r.body #> '{who,levels}', '[]') <> '[]'))
       or r.fen > r.uses * coalesce((r.body #>> '{gives,amount,off}')::bigint, (r.body #>> '{gives,percent,cap}')::bigint, 9000000000000) then
      raise exception 'coupon % does not hold here: % fen', r.id, r.fen using errcode = 'GT001';
    end if;
  end loop;
end $$;

-- A coupon by the receipt it was printed on: the till that sold, and its number there. Null when there is none.
create function read_coupon(p_till int, p_seq bigint) returns jsonb
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select jsonb_build_object('id', g.id, 'operation_id', g.operation_id, 'kind', g.kind, 'product_id', g.product_id, 'quantity', g.quantity, 'value', g.value,
           'opened_at', g.opened_at, 'expires_on', g.expires_on, 'used_on', g.used_on, 'terms', g.terms)
    from operation o join member_grant g on g.merchant_id = o.merchant_id and g.operation_id = o.id and g.member_id is null
   where o.merchant_id = (select seat_merchant()) and o.till_id = p_till and o.seq = p_seq
$$;

-- Coupons by their claims, for a sale that is posted again after the till lost sight of it.
create function read_coupons(p_ids uuid[]) returns jsonb
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'operation_id', g.operation_id, 'kind', g.kind, 'product_id', g.product_id, 'quantity', g.quantity,
           'value', g.value, 'opened_at', g.opened_at, 'expires_on', g.expires_on, 'used_on', g.used_on, 'terms', g.terms) order by g.id), '[]')
    from member_grant g
   where g.merchant_id = (select seat_merchant()) and g.id = any (p_ids) and g.member_id is null and g.kind = 'coupon'
$$;

grant execute on function read_coupon, read_coupons to guitai_app;

reset role;
