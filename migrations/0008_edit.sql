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
  insert into merchant select * from jsonb_populate_record(null::merchant,
    jsonb_build_object('coupon_grace_days', 7, 'coupon_key', sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))) || (p -> 'merchant'));
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
  insert into promotion (merchant_id, id, version, name, active, body)
    select merchant_id, id, version, name, active, body from jsonb_populate_recordset(null::promotion, p -> 'promotions');
  insert into coupon_rule (merchant_id, id, version, name, active, body)
    select merchant_id, id, version, name, active, body from jsonb_populate_recordset(null::coupon_rule, p -> 'coupons');
  insert into reward (merchant_id, id, version, name, active, body)
    select merchant_id, id, version, name, active, body from jsonb_populate_recordset(null::reward, p -> 'rewards');
  insert into contract_plan (merchant_id, id, version, name, active, body)
    select merchant_id, id, version, name, active, body from jsonb_populate_recordset(null::contract_plan, p -> 'contract_plans');
  insert into recipe (merchant_id, service_id, version, items)
    select merchant_id, service_id, version, items from jsonb_populate_recordset(null::recipe, p -> 'recipes');
  insert into check_in_rule (merchant_id, version, body) select (p #>> '{merchant,merchant_id}')::int, 1, p -> 'check_in' where jsonb_typeof(p -> 'check_in') = 'object';
  insert into gift_rule (merchant_id, id, version, name, active, body, since)
    select merchant_id, id, version, name, active, body, since from jsonb_populate_recordset(null::gift_rule, p -> 'gifts');
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

-- The row that was to be saved is not the one the editor saw.
create function refuse_stale() returns void
language plpgsql
as $$ begin raise exception 'changed by somebody else' using errcode = 'GT013'; end $$;

-- A product, new when p_id is null. Its category is made when it is new. Returns its id.
create function save_product(
  p_editor int, p_id int, p_version int, p_code text, p_name text, p_initials text, p_spelling text, p_grams text[],
  p_category text, p_kind product_kind, p_price bigint, p_member_price bigint, p_active boolean, p_package jsonb
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
    insert into product (merchant_id, id, code, name, initials, spelling, grams, category_id, kind, price, member_price, active, package)
      values (m, v_id, p_code, p_name, p_initials, p_spelling, p_grams, v_category, p_kind, p_price, p_member_price, p_active, p_package);
  else
    update product
       set code = p_code, name = p_name, initials = p_initials, spelling = p_spelling, grams = p_grams, category_id = v_category,
           kind = p_kind, price = p_price, member_price = p_member_price, active = p_active, package = p_package, version = version + 1
     where merchant_id = m and id = v_id and version = p_version;
    if not found then
      perform refuse_stale();
    end if;
  end if;
  perform tell(m, 'product');
  return v_id;
end $$;

-- A member of staff, new when p_id is null; a null PIN keeps the old one. Nobody gives herself or
-- others a role above her own, and the last active owner stays one.
create function save_staff(
  p_editor int, p_id int, p_version int, p_number text, p_name text, p_role staff_role, p_store int, p_badge text,
  p_pin_hash text, p_active boolean
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
  -- Whoever sets another's PIN can sign in as her: only the owner does so among equals.
  if p_role > v_editor or (v_editor <> 'owner' and p_id is distinct from p_editor
       and (p_role = v_editor or exists (select from staff where merchant_id = m and id = p_id and role >= v_editor))) then
    raise exception 'role % is not below the editor', p_role using errcode = 'GT011';
  end if;
  if v_id is null then
    select coalesce(max(id), 0) + 1 into v_id from staff where merchant_id = m;
    insert into staff (merchant_id, id, number, name, role, home_store_id, badge, pin_hash, active)
      values (m, v_id, p_number, p_name, p_role, p_store, p_badge, p_pin_hash, p_active);
  else
    update staff set number = p_number, name = p_name, role = p_role, home_store_id = p_store, badge = p_badge,
           pin_hash = coalesce(p_pin_hash, pin_hash), active = p_active, version = version + 1
     where merchant_id = m and id = v_id and version = p_version;
    if not found then
      perform refuse_stale();
    end if;
  end if;
  if not exists (select from staff where merchant_id = m and role = 'owner' and active) then
    raise exception 'the last owner stays' using errcode = 'GT012';
  end if;
  perform tell(m, 'staff');
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
  lock table level in share row exclusive mode;
  l := jsonb_populate_record(null::level, p_level);
  if coalesce(l.id, 0) = 0 then
    select coalesce(max(id), 0) + 1 into l.id from level where merchant_id = m;
    insert into level (merchant_id, id, rank, name, threshold, paid, multiplier, product_id)
      values (m, l.id, l.rank, l.name, l.threshold, l.paid, l.multiplier, l.product_id);
  else
    update level set rank = l.rank, name = l.name, threshold = l.threshold, paid = l.paid, multiplier = l.multiplier, product_id = l.product_id, version = version + 1
     where merchant_id = m and id = l.id and version = l.version;
    if not found then
      perform refuse_stale();
    end if;
  end if;
  perform tell(m, 'level');
  return l.id;
end $$;

-- A top-up rule: every edit is a new version, so that a posted top-up keeps naming the one it used. The
-- version given is the one the edit began from.
create function save_rule(p_editor int, p_rule jsonb) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  r top_up_rule%rowtype;
  v_version int;
begin
  perform refuse_editor(m, p_editor);
  lock table top_up_rule in share row exclusive mode;
  r := jsonb_populate_record(null::top_up_rule, p_rule);
  r.merchant_id := m;
  r.edited_at := clock_timestamp();
  if coalesce(r.id, 0) = 0 then
    select coalesce(max(id), 0) + 1 into r.id from top_up_rule where merchant_id = m;
    v_version := 0;
  else
    select coalesce(max(version), 0) into v_version from top_up_rule where merchant_id = m and id = r.id;
    if v_version <> coalesce(r.version, 0) then
      perform refuse_stale();
    end if;
  end if;
  r.version := v_version + 1;
  insert into top_up_rule values (r.*);
  perform tell(m, 'rule');
  return r.id;
end $$;

-- Which rule of a table an edit makes, and in which version: a new one when its id is 0, else the version after the one
-- the editor saw. Nobody else saves one meanwhile.
create function next_version(m int, p_table text, p jsonb, out id int, out version int)
language plpgsql
as $$
begin
  execute format('lock table %I in share row exclusive mode', p_table);
  id := nullif((p ->> 'id')::int, 0);
  if id is null then
    execute format('select coalesce(max(id), 0) + 1 from %I where merchant_id = $1', p_table) into id using m;
    version := 1;
    return;
  end if;
  execute format('select max(version) from %I where merchant_id = $1 and id = $2', p_table) into version using m, id;
  if version is distinct from (p ->> 'version')::int then
    perform refuse_stale();
  end if;
  version := version + 1;
end $$;

-- A promotion, new when its id is 0: every edit is a new version, as of a top-up rule.
create function save_promotion(p_editor int, p jsonb) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  v_id int;
  v_version int;
begin
  perform refuse_editor(m, p_editor);
  select * into v_id, v_version from next_version(m, 'promotion', p);
  insert into promotion (merchant_id, id, version, name, active, body)
    values (m, v_id, v_version, p ->> 'name', (p ->> 'active')::boolean, p - 'id' - 'version' - 'name' - 'active');
  perform tell(m, 'promotion');
  return v_id;
end $$;

-- A coupon's rule, new when its id is 0: every edit is a new version. What was given under the old one stays as it is.
create function save_coupon(p_editor int, p jsonb) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  v_id int;
  v_version int;
begin
  perform refuse_editor(m, p_editor);
  select * into v_id, v_version from next_version(m, 'coupon_rule', p);
  insert into coupon_rule (merchant_id, id, version, name, active, body)
    values (m, v_id, v_version, p ->> 'name', (p ->> 'active')::boolean, p - 'id' - 'version' - 'name' - 'active' - 'given');
  perform tell(m, 'coupon');
  return v_id;
end $$;

-- A rule of gifts, new when its id is 0: every edit is a new version. p_today is the business day.
create function save_gift(p_editor int, p jsonb, p_today date) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  v_id int;
  v_version int;
  v_since date;
begin
  perform refuse_editor(m, p_editor);
  select * into v_id, v_version from next_version(m, 'gift_rule', p);
  select coalesce(min(since), p_today) into v_since from gift_rule where merchant_id = m and id = v_id;
  insert into gift_rule (merchant_id, id, version, name, active, body, since)
    values (m, v_id, v_version, p ->> 'name', (p ->> 'active')::boolean, p - 'id' - 'version' - 'name' - 'active', v_since);
  perform tell(m, 'gift');
  return v_id;
end $$;

-- The shop's terms. A change of what is printed on receipts, or of what goes back, is a new version of the terms.
create function save_terms(p_editor int, p jsonb) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  t merchant%rowtype;
begin
  perform refuse_editor(m, p_editor);
  select * into t from merchant where merchant_id = m for update;
  if t.version is distinct from (p ->> 'version')::int then
    perform refuse_stale();
  end if;
  t := jsonb_populate_record(t, p - 'merchant_id' - 'terms_version');
  update merchant set name = t.name, points_per_yuan = t.points_per_yuan, points_valid_months = t.points_valid_months,
         stored_value_multiplier = t.stored_value_multiplier,
         welcome_points = t.welcome_points, points_exchange = t.points_exchange, level_by = t.level_by, level_review = t.level_review, rounding = t.rounding, spend_order = t.spend_order,
         limits_profile = t.limits_profile, dormancy_days = t.dormancy_days, quick_sale_discount = t.quick_sale_discount,
         quick_sale_points = t.quick_sale_points, denominations = t.denominations, terms = t.terms,
         own_refund = t.own_refund,
         terms_version = terms_version
           + (merchant.terms <> t.terms or merchant.spend_order <> t.spend_order or merchant.own_refund is distinct from t.own_refund)::int,
         version = version + 1
   where merchant_id = m;
  perform tell(m, 'terms');
  return true;
end $$;

-- A store, new when its id is 0.
create function save_store(p_editor int, p_store jsonb) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  s store%rowtype;
begin
  perform refuse_editor(m, p_editor);
  lock table store in share row exclusive mode;
  s := jsonb_populate_record(null::store, p_store);
  if coalesce(s.id, 0) = 0 then
    select coalesce(max(id), 0) + 1 into s.id from store where merchant_id = m;
    insert into store (merchant_id, id, name, region, address, day_cutoff) values (m, s.id, s.name, s.region, s.address, s.day_cutoff);
  else
    update store set name = s.name, region = s.region, address = s.address, day_cutoff = s.day_cutoff, version = version + 1
     where merchant_id = m and id = s.id and version = s.version;
    if not found then
      perform refuse_stale();
    end if;
  end if;
  perform tell(m, 'store');
  return s.id;
end $$;

-- How scales write labels, new when its id is 0.
create function save_label(p_editor int, p_label jsonb) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  r label_rule%rowtype;
begin
  perform refuse_editor(m, p_editor);
  lock table label_rule in share row exclusive mode;
  r := jsonb_populate_record(null::label_rule, p_label);
  if coalesce(r.id, 0) = 0 then
    select coalesce(max(id), 0) + 1 into r.id from label_rule where merchant_id = m;
    insert into label_rule (merchant_id, id, prefix, plu_digits, money_digits, money_unit, weight_digits, weight_unit, weight_first, checked, active)
      values (m, r.id, r.prefix, r.plu_digits, r.money_digits, r.money_unit, r.weight_digits, r.weight_unit, r.weight_first, r.checked, r.active);
  else
    update label_rule
       set prefix = r.prefix, plu_digits = r.plu_digits, money_digits = r.money_digits, money_unit = r.money_unit,
           weight_digits = r.weight_digits, weight_unit = r.weight_unit, weight_first = r.weight_first,
           checked = r.checked, active = r.active, version = version + 1
     where merchant_id = m and id = r.id and version = r.version;
    if not found then
      perform refuse_stale();
    end if;
  end if;
  perform tell(m, 'label');
  return r.id;
end $$;

-- A till, new when its id is 0. Its number stands in the configuration of its box. One that has a chain
-- of operations stays in its store: they are that store's.
create function save_till(p_editor int, p_till jsonb) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  t till%rowtype;
  v_old till%rowtype;
begin
  perform refuse_editor(m, p_editor);
  t := jsonb_populate_record(null::till, p_till);
  if coalesce(t.id, 0) = 0 then
    -- Not the tills themselves: they are selling.
    lock table store in share row exclusive mode;
    select coalesce(max(id), 0) + 1 into t.id from till where merchant_id = m;
    insert into till (merchant_id, id, store_id, name) values (m, t.id, t.store_id, t.name);
  else
    select * into v_old from till where merchant_id = m and id = t.id for no key update;
    if v_old.version is distinct from t.version then
      perform refuse_stale();
    end if;
    if v_old.store_id <> t.store_id and v_old.seq > 0 then
      raise exception 'till % has operations', t.id using errcode = 'GT014';
    end if;
    update till set name = t.name, store_id = t.store_id, version = version + 1 where merchant_id = m and id = t.id;
  end if;
  perform tell(m, 'till');
  return t.id;
end $$;

-- What a role may do by itself (OP3). The owner sets all of them; anybody else only those of the roles
-- below her own, so that nobody gives herself a right. The owner keeps the right to edit.
create function save_limit(p_editor int, p_limit jsonb) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  r role_limit%rowtype;
  v_editor staff_role;
begin
  perform refuse_editor(m, p_editor);
  select role into v_editor from staff where merchant_id = m and id = p_editor;
  r := jsonb_populate_record(null::role_limit, p_limit);
  if v_editor <> 'owner' and r.role >= v_editor then
    raise exception 'role % is not below the editor', r.role using errcode = 'GT011';
  end if;
  if r.role = 'owner' and not r.manage then
    raise exception 'the owner stays' using errcode = 'GT012';
  end if;
  update role_limit
     set refund_max = r.refund_max, refund_days = r.refund_days, top_up_max = r.top_up_max, price_override = r.price_override,
         reveal_phone = r.reveal_phone, export = r.export, manage = r.manage, version = version + 1
   where merchant_id = m and role = r.role and version = r.version;
  if not found then
    perform refuse_stale();
  end if;
  perform tell(m, 'limit');
  return true;
end $$;

grant execute on function set_up, save_product, save_staff, save_level, save_rule, save_promotion, save_coupon, save_gift, save_terms, save_store,
  save_label, save_till, save_limit to guitai_app;

reset role;
