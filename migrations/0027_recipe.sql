-- Materials: what the uses of services take from the shelf (PK2).

set role guitai_ledger;

-- What one use of a service takes, as the version after p's. The goods are counted as they are sold: grams by weight, else pieces.
create function save_recipe(p_editor int, p jsonb) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  v_service int := (p ->> 'service_id')::int;
  v_version int;
begin
  perform refuse_editor(m, p_editor);
  lock table recipe in share row exclusive mode;
  select coalesce(max(version), 0) into v_version from recipe where merchant_id = m and service_id = v_service;
  if v_version is distinct from (p ->> 'version')::int then
    perform refuse_stale();
  end if;
  if not exists (select from product s where s.merchant_id = m and s.id = v_service and s.kind = 'service') or exists (
    select from jsonb_to_recordset(p -> 'items') as i (product_id int, unit text)
      left join product g on g.merchant_id = m and g.id = i.product_id
     where (g.kind = case i.unit when 'gram' then 'weight' else 'piece' end::product_kind) is not true
  ) then
    raise exception 'a service does not take this' using errcode = 'GT045';
  end if;
  insert into recipe (merchant_id, service_id, version, items) values (m, v_service, v_version + 1, p -> 'items');
  perform tell(m, 'recipe');
  return v_version + 1;
end $$;

-- What services took from the shelf on these business days, a row for each service on a receipt and each of its materials.
-- Nothing is stored but the receipts and the recipes. A use that was taken back took nothing; one whose money came back later
-- did, and says how many came back. Time is one use however many minutes; all else counts as often as it was had.
create function material_uses(p_from date, p_to date)
returns table (operation_id uuid, kind operation_kind, store_id int, till_id int, seq bigint, at timestamptz, member_id bigint,
  service_id int, service text, served text, uses bigint, returned bigint, product_id int, name text, unit text, quantity bigint)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  with ops as materialized (
    select o.* from till t
      join operation o on o.merchant_id = t.merchant_id and o.till_id = t.id
        and o.seq > coalesce((select max(s.last_seq) from shift s where s.merchant_id = t.merchant_id and s.till_id = t.id and s.business_on < p_from), 0)
        and o.seq < coalesce((select min(s.first_seq) from shift s where s.merchant_id = t.merchant_id and s.till_id = t.id and s.business_on > p_to),
                             9223372036854775807)
     where t.merchant_id = (select seat_merchant()) and o.business_on between p_from and p_to and o.kind in ('sale', 'redemption')
       and exists (select from recipe r where r.merchant_id = t.merchant_id)
       and not exists (select from operation u where u.merchant_id = o.merchant_id and u.about_id = o.id and u.kind = 'redemption_reversal')
  ), had as (
    select o.merchant_id, o.id, o.kind, o.store_id, o.till_id, o.seq, o.happened_at, o.recorded_at, o.member_id, l.product_id,
           min(l.name) as service, string_agg(distinct l.served ->> 'name', ' ') as served,
           case when bool_or(g.terms ->> 'unit' = 'minute') then 1 else sum(l.quantity)::bigint end as uses,
           coalesce(sum(b.quantity), 0)::bigint as returned
      from ops o
      join lateral rows from (jsonb_to_recordset(o.lines) as (product_id int, name text, kind text, quantity bigint, served jsonb)) with ordinality
        as l (product_id, name, kind, quantity, served, no) on l.kind = 'service' and l.product_id is not null
      -- The lines of a redemption are its moves, one by one.
      left join member_grant g on o.kind = 'redemption' and g.merchant_id = o.merchant_id
        and g.id = (o.extras -> 'moves' -> (l.no - 1)::int ->> 'grant_id')::uuid
      left join returned b on o.kind = 'sale' and b.merchant_id = o.merchant_id and b.operation_id = o.id and b.no = l.no
     group by o.merchant_id, o.id, o.kind, o.store_id, o.till_id, o.seq, o.happened_at, o.recorded_at, o.member_id, l.product_id
  )
  select h.id, h.kind, h.store_id, h.till_id, h.seq, h.happened_at, h.member_id, h.product_id, h.service, h.served, h.uses, h.returned,
         i.product_id, coalesce(p.name, i.name), i.unit, h.uses * i.quantity
    from had h
    cross join lateral (
      select r.items from recipe r
       where r.merchant_id = h.merchant_id and r.service_id = h.product_id and r.edited_at <= h.recorded_at
       order by r.version desc limit 1) r
    cross join lateral jsonb_to_recordset(r.items) as i (product_id int, name text, quantity bigint, unit text)
    left join product p on p.merchant_id = h.merchant_id and p.id = i.product_id
$$;

grant execute on function save_recipe, material_uses to guitai_app;

reset role;
