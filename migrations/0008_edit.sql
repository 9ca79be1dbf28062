-- What the owner edits: the shop itself, its goods, staff, levels and rules.

set role guitai_ledger;

-- A new shop, whole, out of one document whose parts are named like the tables. Only where there is
-- none: a second one is refused. The login that sets it up gets the seat.
create function set_up(p jsonb) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  lock table merchant in exclusive mode;
  if exists (select from merchant) then
    raise exception 'there is a shop already' using errcode = 'GT010';
  end if;
  insert into merchant select * from jsonb_populate_record(null::merchant, p -> 'merchant');
  insert into store select * from jsonb_populate_recordset(null::store, p -> 'stores');
  insert into till (merchant_id, id, store_id, name) select merchant_id, id, store_id, name from jsonb_populate_recordset(null::till, p -> 'tills');
  insert into seat (merchant_id, role_name) select merchant_id, 'guitai_app' from merchant;
  insert into staff select * from jsonb_populate_recordset(null::staff, p -> 'staff');
  insert into role_limit select * from jsonb_populate_recordset(null::role_limit, p -> 'limits');
  insert into level select * from jsonb_populate_recordset(null::level, p -> 'levels');
  insert into category select * from jsonb_populate_recordset(null::category, p -> 'categories');
  insert into product select * from jsonb_populate_recordset(null::product, p -> 'products');
  insert into top_up_rule (merchant_id, id, version, name, amount, benefits, levels, stores, valid_from, valid_to, active)
    select merchant_id, id, version, name, amount, benefits, levels, stores, valid_from, valid_to, active
    from jsonb_populate_recordset(null::top_up_rule, p -> 'rules');
  return (select merchant_id from merchant);
end $$;

-- Whether a member of staff may edit the shop.
create function refuse_editor(m int, p_staff int) returns void
language plpgsql
as $$
begin
  if not exists (
    select from staff s join role_limit r on r.merchant_id = s.merchant_id and r.role = s.role
     where s.merchant_id = m and s.id = p_staff and s.active and r.manage
  ) then
    raise exception 'staff % may not edit the shop', p_staff using errcode = 'GT011';
  end if;
end $$;

-- A product, new when p_id is null. Its category is made when it is new. Returns its id.
create function save_product(
  p_editor int, p_id int, p_code text, p_name text, p_initials text, p_spelling text, p_grams text[], p_category text,
  p_kind product_kind, p_price bigint, p_member_price bigint, p_active boolean
) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  v_category int;
  v_id int := p_id;
begin
  perform refuse_editor(m, p_editor);
  lock table product in share row exclusive mode;
  if p_category is not null then
    insert into category select m, coalesce(max(c.id), 0) + 1, p_category from category c where c.merchant_id = m
      on conflict on constraint category_name_key do nothing;
    select id into v_category from category where merchant_id = m and name = p_category;
  end if;
  if v_id is null then
    select coalesce(max(id), 0) + 1 into v_id from product where merchant_id = m;
  end if;
  insert into product values (m, v_id, p_code, p_name, p_initials, p_spelling, p_grams, v_category, p_kind, p_price, p_member_price, p_active)
    on conflict on constraint product_pkey do update
      set code = excluded.code, name = excluded.name, initials = excluded.initials, spelling = excluded.spelling, grams = excluded.grams,
          category_id = excluded.category_id, kind = excluded.kind, price = excluded.price,
          member_price = excluded.member_price, active = excluded.active;
  return v_id;
end $$;

-- A member of staff, new when p_id is null; a null PIN keeps the old one. Nobody gives herself or
-- others a role above her own, and the last active owner stays one.
create function save_staff(
  p_editor int, p_id int, p_number text, p_name text, p_role staff_role, p_store int, p_badge text, p_pin_hash text, p_active boolean
) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  v_id int := p_id;
  v_editor staff_role;
begin
  perform refuse_editor(m, p_editor);
  lock table staff in share row exclusive mode;
  select role into v_editor from staff where merchant_id = m and id = p_editor;
  if p_role > v_editor or exists (select from staff where merchant_id = m and id = p_id and role > v_editor) then
    raise exception 'role % is above the editor', p_role using errcode = 'GT011';
  end if;
  if v_id is null then
    select coalesce(max(id), 0) + 1 into v_id from staff where merchant_id = m;
    insert into staff values (m, v_id, p_number, p_name, p_role, p_store, p_badge, p_pin_hash, p_active);
  else
    update staff set number = p_number, name = p_name, role = p_role, home_store_id = p_store, badge = p_badge,
           pin_hash = coalesce(p_pin_hash, pin_hash), active = p_active
     where merchant_id = m and id = v_id;
  end if;
  if not exists (select from staff where merchant_id = m and role = 'owner' and active) then
    raise exception 'the last owner stays' using errcode = 'GT012';
  end if;
  return v_id;
end $$;

create function save_level(p_editor int, p_level jsonb) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  l level%rowtype;
begin
  perform refuse_editor(m, p_editor);
  l := jsonb_populate_record(null::level, p_level);
  l.merchant_id := m;
  if coalesce(l.id, 0) = 0 then
    select coalesce(max(id), 0) + 1 into l.id from level where merchant_id = m;
  end if;
  insert into level values (l.*)
    on conflict on constraint level_pkey do update
      set rank = excluded.rank, name = excluded.name, threshold = excluded.threshold, paid = excluded.paid, multiplier = excluded.multiplier;
  return l.id;
end $$;

-- A top-up rule: every edit is a new version, so that a posted top-up keeps naming the one it used.
create function save_rule(p_editor int, p_rule jsonb) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  r top_up_rule%rowtype;
begin
  perform refuse_editor(m, p_editor);
  lock table top_up_rule in share row exclusive mode;
  r := jsonb_populate_record(null::top_up_rule, p_rule);
  r.merchant_id := m;
  r.edited_at := clock_timestamp();
  if coalesce(r.id, 0) = 0 then
    select coalesce(max(id), 0) + 1 into r.id from top_up_rule where merchant_id = m;
  end if;
  select coalesce(max(version), 0) + 1 into r.version from top_up_rule where merchant_id = m and id = r.id;
  insert into top_up_rule values (r.*);
  return r.id;
end $$;

-- The shop's terms. A change of what is printed on receipts is a new version of the terms.
create function save_terms(p_editor int, p jsonb) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  t merchant%rowtype;
begin
  perform refuse_editor(m, p_editor);
  select * into t from merchant where merchant_id = m for update;
  t := jsonb_populate_record(t, p - 'merchant_id' - 'terms_version');
  update merchant set name = t.name, points_per_yuan = t.points_per_yuan, points_valid_months = t.points_valid_months,
         welcome_points = t.welcome_points, rounding = t.rounding, spend_order = t.spend_order,
         limits_profile = t.limits_profile, dormancy_days = t.dormancy_days, quick_sale_discount = t.quick_sale_discount,
         quick_sale_points = t.quick_sale_points, denominations = t.denominations, terms = t.terms,
         terms_version = terms_version + (merchant.terms <> t.terms or merchant.spend_order <> t.spend_order)::int
   where merchant_id = m;
  return found;
end $$;

grant execute on function set_up, save_product, save_staff, save_level, save_rule, save_terms to guitai_app;

reset role;
