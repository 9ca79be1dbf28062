-- The shop: who owns it, where it sells, who works there, what it sells and on what terms.
--
-- Every table carries merchant_id in its primary, unique and foreign keys, so that many merchants can
-- share a server and be distributed by merchant later. Tables belong to a role nobody can log in as;
-- the application may read tables and execute functions, and write nothing else directly.

do $$
begin
  if not exists (select from pg_roles where rolname = 'guitai_ledger') then
    create role guitai_ledger nologin;
  end if;
  if not exists (select from pg_roles where rolname = 'guitai_app') then
    create role guitai_app login;
  end if;
  execute format('grant guitai_ledger to %I', current_user);
  execute format('grant connect on database %I to guitai_app', current_database());
  -- A dead client must not hold a lock, and no statement of a till takes long.
  alter role guitai_app set statement_timeout = '5s';
  alter role guitai_app set lock_timeout = '3s';
  alter role guitai_app set idle_in_transaction_session_timeout = '10s';
  alter role guitai_app set client_connection_check_interval = '2s';
  -- Every question of a till has its index. A plan made while a new shop's tables were empty must not
  -- stay a scan while they fill.
  alter role guitai_app set enable_seqscan = off;
  alter role guitai_app set random_page_cost = 1.1;
end $$;

grant create, usage on schema public to guitai_ledger;
grant usage on schema public to guitai_app;

set role guitai_ledger;

alter default privileges revoke execute on functions from public;

create type staff_role as enum ('cashier', 'manager', 'headquarters', 'owner');
create type product_kind as enum ('piece', 'weight', 'service', 'package');
create type rounding as enum ('none', 'jiao', 'yuan');
create type spend_order as enum ('pro_rata', 'principal_first', 'bonus_first');
create type limits_profile as enum ('off', 'warn', 'enforce');

-- Rows that people edit carry a version: a save names the one it began from, and one that is old by now
-- is refused instead of undoing what somebody else saved.

-- The legal entity that owns the members. Rates are exact decimals, money is fen.
create table merchant (
  merchant_id int not null,
  name text not null,
  industry text not null,
  points_per_yuan numeric not null default 1,
  points_valid_months int,
  -- Points for what is paid by stored value, in basis points (20000 = double); null is no multiplier (PT2).
  stored_value_multiplier int,
  welcome_points bigint not null default 0,
  -- Points as money, in the shape of the domain's type Exchange (PT5); null where they are not taken.
  points_exchange jsonb,
  -- Which spend reaches a level (rolling, lifetime), and when levels are reviewed: the types LevelBy and ReviewDay of the domain.
  level_by text not null default 'rolling',
  level_review jsonb,
  rounding rounding not null default 'none',
  spend_order spend_order not null default 'pro_rata',
  limits_profile limits_profile not null default 'warn',
  dormancy_days int not null default 30,
  -- Days for which a coupon counts again that came back past its last day (RF6).
  coupon_grace_days int not null default 7,
  -- What the tills sign coupons on receipts with, made once: nobody's who has not the books (PR4).
  coupon_key bytea not null default sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
  quick_sale_discount boolean not null default true,
  quick_sale_points boolean not null default true,
  denominations bigint[] not null default '{1000,2000,5000,10000}',
  terms text not null default '',
  terms_version int not null default 1,
  -- RF5: what the shop gives back by its own terms, in the shape of the domain's type OwnTerms; null is nothing beyond the law.
  own_refund jsonb,
  version int not null default 1,
  constraint merchant_pkey primary key (merchant_id),
  constraint merchant_points_rate check (points_per_yuan >= 0),
  constraint merchant_stored_value_multiplier check (stored_value_multiplier >= 0),
  constraint merchant_welcome check (welcome_points >= 0),
  constraint merchant_coupon_grace check (coupon_grace_days between 0 and 366),
  constraint merchant_coupon_key check (length(coupon_key) = 32),
  constraint merchant_own_refund check ((jsonb_typeof(own_refund -> 'pays_bonus') = 'boolean'
    and own_refund @? '$.fee ? (@ >= 0 && @ <= 10000 && @ == @.floor())') is not false or own_refund is null),
  constraint merchant_level_by check (level_by in ('rolling', 'lifetime')),
  constraint merchant_level_review check (level_review is null or coalesce((level_review #>> '{monthly,day}')::int between 1 and 31, false)
    or coalesce((level_review #>> '{yearly,month}')::int between 1 and 12 and (level_review #>> '{yearly,day}')::int between 1 and 31, false)),
  constraint merchant_points_exchange check (points_exchange is null or ((points_exchange ->> 'points')::bigint > 0
    and (points_exchange ->> 'fen')::bigint > 0 and (points_exchange ->> 'cap')::bigint between 1 and 10000
    and (points_exchange ->> 'least')::bigint >= 0) is true)
);

create table store (
  merchant_id int not null references merchant,
  id int not null,
  name text not null,
  region text not null default '',
  address text not null default '',
  -- The business day starts here (OP2).
  day_cutoff time not null default '04:00',
  version int not null default 1,
  constraint store_pkey primary key (merchant_id, id)
);

-- A till is the single writer of its chain of operations: seq counts them, head is the last hash (LG6).
create table till (
  merchant_id int not null,
  id int not null,
  store_id int not null,
  name text not null,
  seq bigint not null default 0,
  head bytea not null default '\x',
  version int not null default 1,
  constraint till_pkey primary key (merchant_id, id),
  constraint till_store foreign key (merchant_id, store_id) references store
) with (fillfactor = 20);

-- Which merchant, and if given which till, a database login speaks for. A setting can be forged,
-- session_user cannot.
create table seat (
  merchant_id int not null references merchant,
  role_name name not null,
  till_id int,
  constraint seat_pkey primary key (merchant_id, role_name),
  constraint seat_till foreign key (merchant_id, till_id) references till
);

create table staff (
  merchant_id int not null references merchant,
  id int not null,
  number text not null,
  name text not null,
  role staff_role not null,
  home_store_id int not null,
  badge text,
  -- argon2id, PHC string.
  pin_hash text not null,
  active boolean not null default true,
  version int not null default 1,
  constraint staff_number_key unique (merchant_id, number),
  constraint staff_badge_key unique (merchant_id, badge),
  constraint staff_store foreign key (merchant_id, home_store_id) references store
);
-- Primary keys come last where there are other keys: among equals the planner takes the newest index, and on
-- the empty tables of a new shop all are equal.
alter table staff add constraint staff_pkey primary key (merchant_id, id);

-- Wrong PINs are counted here, apart from the person, with a growing delay.
create table pin_attempt (
  merchant_id int not null,
  staff_id int not null,
  wrong int not null default 0,
  next_at timestamptz not null default '-infinity',
  constraint pin_attempt_pkey primary key (merchant_id, staff_id),
  constraint pin_attempt_staff foreign key (merchant_id, staff_id) references staff
);

-- What a role may do by itself; above it somebody else approves (OP3). Amounts in fen.
create table role_limit (
  merchant_id int not null references merchant,
  role staff_role not null,
  refund_max bigint not null,
  refund_days int not null,
  top_up_max bigint not null,
  price_override boolean not null,
  reveal_phone boolean not null,
  -- Lists of members as files (PV2).
  export boolean not null,
  manage boolean not null,
  version int not null default 1,
  constraint role_limit_amounts check (refund_max >= 0 and refund_days >= 0 and top_up_max >= 0),
  constraint role_limit_pkey primary key (merchant_id, role)
);

create table category (
  merchant_id int not null references merchant,
  id int not null,
  name text not null,
  constraint category_name_key unique (merchant_id, name)
);
alter table category add constraint category_pkey primary key (merchant_id, id);

-- Goods and services. price is fen per piece, per service, per package, or per kilogram. package is what a package
-- holds, in the shape of the domain's type Package: services, units, validity (PK1).
create table product (
  merchant_id int not null references merchant,
  id int not null,
  -- Canonical barcode (GTIN-14 digits) or the shop's own code.
  code text collate "C",
  name text not null,
  initials text collate "C" not null default '',
  spelling text collate "C" not null default '',
  grams text[] not null default '{}',
  category_id int,
  kind product_kind not null,
  price bigint not null,
  member_price bigint,
  active boolean not null default true,
  version int not null default 1,
  package jsonb,
  constraint product_code_key unique (merchant_id, code),
  constraint product_category foreign key (merchant_id, category_id) references category,
  constraint product_price check (price >= 0 and price <= 999999999),
  constraint product_member_price check (member_price between 0 and price),
  constraint product_package check ((kind = 'package') = (package is not null)),
  constraint product_package_items check (jsonb_array_length(package -> 'items') between 1 and 8)
);
create index product_initials on product (merchant_id, initials);
create index product_spelling on product (merchant_id, spelling);
create index product_name on product (merchant_id, (name collate "C"));
create index product_grams on product using gin (grams);
-- Packages and the services they hold are part of what a till knows of its shop.
create index product_prepaid on product (merchant_id, kind) where kind in ('service', 'package');
alter table product add constraint product_pkey primary key (merchant_id, id);

-- How scales write labels: prefix, digits of the item's number, of money and of weight, which of them comes
-- first, and whether the last digit is the check digit. 13 or 18 digits in all.
create type money_unit as enum ('fen', 'jiao', 'yuan');
create type weight_unit as enum ('gram', 'ten_grams');

create table label_rule (
  merchant_id int not null references merchant,
  id int not null,
  prefix text collate "C" not null,
  plu_digits int not null,
  money_digits int not null,
  money_unit money_unit not null,
  weight_digits int not null,
  weight_unit weight_unit not null,
  weight_first boolean not null,
  checked boolean not null,
  active boolean not null default true,
  version int not null default 1,
  length int generated always as (length(prefix) + plu_digits + money_digits + weight_digits + 1) stored,
  constraint label_rule_prefix_key unique (merchant_id, prefix, length),
  constraint label_rule_prefix check (prefix ~ '^[0-9]{1,4}$'),
  constraint label_rule_digits check (plu_digits between 3 and 6 and money_digits in (0, 4, 5, 6) and weight_digits in (0, 4, 5, 6)
    and money_digits + weight_digits > 0),
  constraint label_rule_length check (length in (13, 18))
);
alter table label_rule add constraint label_rule_pkey primary key (merchant_id, id);

-- LV1, LV2: threshold is spend in a rolling twelve months (fen, inclusive), paid is what the member
-- pays in basis points (9000 = 9 折), multiplier is points in basis points (20000 = double).
create table level (
  merchant_id int not null references merchant,
  id int not null,
  rank int not null,
  name text not null,
  threshold bigint not null,
  paid int not null default 10000,
  multiplier int not null default 10000,
  -- Whoever buys this reaches the level (LV1).
  product_id int,
  version int not null default 1,
  constraint level_rank_key unique (merchant_id, rank),
  constraint level_name_key unique (merchant_id, name),
  constraint level_paid check (paid between 0 and 10000),
  constraint level_multiplier check (multiplier >= 0),
  constraint level_threshold check (threshold >= 0)
);
alter table level add constraint level_pkey primary key (merchant_id, id);

-- What levels and the shop's settings said in each version: receipts name the version that made a price or points.
create table kept_version (
  merchant_id int not null references merchant,
  -- 'level' or 'merchant'; a merchant's number is 0.
  noun text not null,
  id int not null,
  version int not null,
  body jsonb not null,
  edited_at timestamptz not null default clock_timestamp()
);
alter table kept_version add constraint kept_version_pkey primary key (merchant_id, noun, id, version);

create function keep_version() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_row jsonb := to_jsonb(new);
begin
  if tg_op = 'UPDATE' and (v_row -> 'version') = (to_jsonb(old) -> 'version') then
    return null;
  end if;
  insert into kept_version (merchant_id, noun, id, version, body)
    values (new.merchant_id, tg_table_name, coalesce((v_row ->> 'id')::int, 0), new.version, v_row - 'coupon_key');
  return null;
end $$;

create trigger level_kept after insert or update on level for each row execute function keep_version();
create trigger merchant_kept after insert or update on merchant for each row execute function keep_version();

-- SV4. A rule is never changed: an edit adds a version and the newest is in force. benefits is a list,
-- one entry per kind; its shape is the type Benefit of the domain.
create table top_up_rule (
  merchant_id int not null references merchant,
  id int not null,
  version int not null,
  name text not null,
  amount bigint not null,
  benefits jsonb not null default '[]',
  levels int[],
  stores int[],
  valid_from timestamptz,
  valid_to timestamptz,
  active boolean not null default true,
  edited_at timestamptz not null default clock_timestamp(),
  constraint top_up_rule_pkey primary key (merchant_id, id, version),
  constraint top_up_rule_amount check (amount > 0),
  constraint top_up_rule_window check (valid_from < valid_to)
);

-- Whether the days, hours, levels, stores and goods of a rule are what the consoles can read: one that is not would keep
-- every till from opening.
create function conditions_sound(p jsonb) returns boolean
language sql immutable
as $$
  select coalesce(jsonb_typeof(p -> 'when') = 'object' and jsonb_typeof(p -> 'who') = 'object' and jsonb_typeof(p -> 'scope') = 'object', false)
    and not p @? '$.when.weekdays[*] ? (!exists(@ ? (@ >= 1 && @ <= 7)))'
    and (p #>> '{when,from}' !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') is not true
    and (p #>> '{when,until}' !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') is not true
    and ((p #>> '{when,from}')::date > (p #>> '{when,until}')::date) is not true
    and (coalesce(jsonb_typeof(p #> '{when,hours}'), 'null') = 'null' or jsonb_array_length(p #> '{when,hours}') = 2
      and not p @? '$.when.hours[*] ? (!(@ like_regex "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"))')
    -- Fen, numbers and shares are whole.
    and not p @? 'strict $.** ? (@.type() == "number" && @ != @.floor())'
    and not p @? '$.who.levels[*] ? (@.type() != "number")' and not p @? '$.who.stores[*] ? (@.type() != "number")'
    and not p @? '$.scope.products[*] ? (@.type() != "number")' and not p @? '$.scope.categories[*] ? (@.type() != "number")'
$$;

-- Whether the parts of a promotion are what the consoles can read.
create function promotion_sound(p jsonb) returns boolean
language sql immutable
as $$
  select (select count(*) from jsonb_object_keys(case jsonb_typeof(p -> 'offer') when 'object' then p -> 'offer' else '{}' end)) = 1
    and p @? '$.offer ? (@.price.price >= 0 && @.price.price <= 999999999
      || @.off.paid >= 0 && @.off.paid < 10000
      || exists(@.rungs.rungs[*]) && !exists(@.rungs.rungs[*] ? (!exists(@ ? (@.from >= 0 && @.gives > 0))))
      || exists(@.gifts.rungs[*]) && !exists(@.gifts.rungs[*] ? (!exists(@ ? (@.from >= 0 && @.gives.product_id > 0 && @.gives.quantity > 0))))
      || @.percent.from >= 0 && @.percent.paid >= 0 && @.percent.paid < 10000 && (@.percent.cap == null || @.percent.cap > 0)
      || @.nth.n >= 2 && @.nth.n <= 99 && @.nth.paid >= 0 && @.nth.paid < 10000
      || @.buy_get.buy >= 1 && @.buy_get.buy <= 99 && @.buy_get.get >= 1 && @.buy_get.get <= 99)'
    and conditions_sound(p) and coalesce(jsonb_typeof(p -> 'by_stored_value') = 'boolean', false)
$$;

-- Whether the parts of a reward are what the consoles can read.
create function reward_sound(p jsonb) returns boolean
language sql immutable
as $$
  select coalesce((p ->> 'points')::numeric between 1 and 999999999 and (p ->> 'per_member')::numeric > 0 is not false
    and (p ->> 'stock')::numeric >= 0 is not false
    and (select count(*) from jsonb_object_keys(case jsonb_typeof(p -> 'gives') when 'object' then p -> 'gives' else '{}' end)) = 1
    and p @? '$.gives ? (@.goods.product_id > 0 && @.goods.quantity > 0 && @.goods.quantity <= 9999
      || @.service.product_id > 0 && @.service.quantity > 0 && @.service.quantity <= 9999 && (@.service.days == null || @.service.days > 0)
      || @.package.product_id > 0 || @.coupon.rule_id > 0 && @.coupon.quantity >= 1 && @.coupon.quantity <= 20)'
    -- It is about no goods, and holds all day.
    and conditions_sound(p || '{"scope": {}}') and coalesce(jsonb_typeof(p #> '{when,hours}'), 'null') = 'null', false)
$$;

-- PR1, PR3, SV9: rules that lower prices. Like those of top-ups a rule is never changed: an edit adds a version and the
-- newest is in force. body is the rest of the type Promotion of the domain: when, who, scope, by_stored_value, offer.
create table promotion (
  merchant_id int not null references merchant,
  id int not null,
  version int not null,
  name text not null,
  active boolean not null default true,
  body jsonb not null,
  edited_at timestamptz not null default clock_timestamp(),
  constraint promotion_pkey primary key (merchant_id, id, version),
  constraint promotion_name check (name <> '' and length(name) <= 60),
  constraint promotion_body check (promotion_sound(body))
);

-- Whether a coupon is what the consoles can read. One that is money is used once; a right that is not (an entitlement) as
-- often as it says; a multiplier of points counts for a time.
create function coupon_sound(p jsonb) returns boolean
language sql immutable
as $$
  select (p -> 'gives' = '"right"' and p @? '$ ? (@.uses >= 1 && @.uses <= 999)'
      or (select count(*) from jsonb_object_keys(case jsonb_typeof(p -> 'gives') when 'object' then p -> 'gives' else '{}' end)) = 1
        and p @? '$ ? (@.uses == 1).gives ? (@.amount.off > 0
          || @.percent.paid >= 0 && @.percent.paid < 10000 && (@.percent.cap == null || @.percent.cap > 0)
          || @.free.quantity >= 1 && @.free.quantity <= 99
          || @.multiply.times > 10000 && @.multiply.times <= 100000)')
    -- Multipliers of points never stack (PT2), are for the whole sale and for nobody else.
    and ((p -> 'gives' ? 'multiply') is not true or p ->> 'stack' is null and (p -> 'transferable' = 'true') is not true
      and not p @? '$.scope.*[*]')
    and p @? '$ ? (@.from >= 0)'
    and (p -> 'valid_days' = 'null' or p @? '$ ? (@.valid_days >= 0 && @.valid_days <= 3660)')
    and (p -> 'per_member' = 'null' or p @? '$ ? (@.per_member >= 1)')
    and (p -> 'total' = 'null' or p @? '$ ? (@.total >= 1)')
    and conditions_sound(p)
$$;

-- PR4: coupons and entitlements the shop gives. A rule is never changed, as of promotions. body is the rest of the type
-- CouponRule of the domain: when, who, scope, from, gives, stack, valid_days, uses, per_member, total, on_receipt.
create table coupon_rule (
  merchant_id int not null references merchant,
  id int not null,
  version int not null,
  name text not null,
  active boolean not null default true,
  body jsonb not null,
  edited_at timestamptz not null default clock_timestamp(),
  constraint coupon_rule_pkey primary key (merchant_id, id, version),
  constraint coupon_rule_name check (name <> '' and length(name) <= 60),
  constraint coupon_rule_body check (coupon_sound(body))
);

-- PT4: what points can be exchanged for. Edits are new versions, as of a promotion. body is the rest of the type Reward of
-- the domain: points, gives, when, who, per_member, stock.
create table reward (
  merchant_id int not null references merchant,
  id int not null,
  version int not null,
  name text not null,
  active boolean not null default true,
  body jsonb not null,
  edited_at timestamptz not null default clock_timestamp(),
  constraint reward_pkey primary key (merchant_id, id, version),
  constraint reward_name check (name <> '' and length(name) <= 60),
  constraint reward_body check (reward_sound(body))
);

-- PK2: what one use of a service takes from the shelf: the type Recipe of the domain. Edits are new versions; a use counts by
-- the one that was in force when it was recorded.
create table recipe (
  merchant_id int not null,
  service_id int not null,
  version int not null,
  items jsonb not null,
  edited_at timestamptz not null default clock_timestamp(),
  constraint recipe_service foreign key (merchant_id, service_id) references product,
  constraint recipe_pkey primary key (merchant_id, service_id, version),
  constraint recipe_items check (coalesce(jsonb_typeof(items) = 'array' and jsonb_array_length(items) <= 8
    and not items @? '$[*] ? (!exists(@ ? (@.product_id > 0 && @.name != "" && @.quantity >= 1 && @.quantity <= 100000
      && (@.unit == "piece" || @.unit == "gram"))))', false))
);

-- PT7: what checking in gives: the type CheckInRule of the domain. Edits are new versions, the newest is in force.
create table check_in_rule (
  merchant_id int not null references merchant,
  version int not null,
  body jsonb not null,
  edited_at timestamptz not null default clock_timestamp(),
  constraint check_in_rule_pkey primary key (merchant_id, version),
  constraint check_in_rule_body check (coalesce((body ->> 'points')::bigint between 0 and 999999 and jsonb_typeof(body -> 'active') = 'boolean'
    and jsonb_typeof(body -> 'bonuses') = 'array'
    and not body @? '$.bonuses[*] ? (!exists(@ ? (@.days > 1 && @.days <= 366 && @.points > 0)))'
    and conditions_sound('{"when": {}, "who": {}}' || body || '{"scope": {}}') and not body @? '$.when.weekdays[*]' and coalesce(jsonb_typeof(body #> '{when,hours}'), 'null') = 'null', false))
);

-- Whether a plan of staged prepayment is what the consoles can read: the first stage is paid when it is signed, the others
-- later, one after the other.
create function contract_sound(p jsonb) returns boolean
language sql immutable
as $$
  select coalesce(jsonb_array_length(case jsonb_typeof(p -> 'stages') when 'array' then p -> 'stages' end) between 2 and 12, false)
    and not p @? '$.stages[*] ? (!exists(@ ? (@.amount > 0 && @.amount <= 99999999 && @.days >= 0 && @.days <= 3660)))'
    and p @? '$.stages[0] ? (@.days == 0)'
    and not exists (select from (select (s ->> 'days')::numeric as day, lag((s ->> 'days')::numeric) over (order by no) as before
      from jsonb_path_query(p, '$.stages[*]') with ordinality as x (s, no)) y where day <= before)
    and not p @? '$.stages[*].gives[*] ? (!exists(@ ? (
      @.kind == "bonus" && @.fen > 0 && @.fen <= 99999999 && !exists(@.instalments) || @.kind == "points" && @.points > 0 || @.kind == "level" && @.level_id > 0
      || @.kind == "coupon" && @.rule_id > 0 && @.count >= 1 && @.count <= 20 || @.kind == "package" && @.product_id > 0)))'
    -- It is about no goods, and holds all day.
    and conditions_sound(p || '{"scope": {}}') and coalesce(jsonb_typeof(p #> '{when,hours}'), 'null') = 'null'
$$;

-- SV5: plans of staged prepayment. A plan is never changed, as of promotions: who signed a version keeps it. body is the rest
-- of the type ContractPlan of the domain: when, who, stages.
create table contract_plan (
  merchant_id int not null references merchant,
  id int not null,
  version int not null,
  name text not null,
  active boolean not null default true,
  body jsonb not null,
  edited_at timestamptz not null default clock_timestamp(),
  constraint contract_plan_pkey primary key (merchant_id, id, version),
  constraint contract_plan_name check (name <> '' and length(name) <= 60),
  constraint contract_plan_body check (contract_sound(body))
);

-- Whether a rule of gifts is what the consoles can read.
create function gift_sound(p jsonb) returns boolean
language sql immutable
as $$
  select (p -> 'on' = '"welcome"' or p @? '$.on ? (@.birthday.before >= 0 && @.birthday.before <= 60 && @.birthday.after >= 0 && @.birthday.after <= 60
        || @.child.before >= 0 && @.child.before <= 60 && @.child.after >= 0 && @.child.after <= 60
        || @.level.level_id > 0 || @.newcomer.days >= 0 && @.newcomer.days <= 366 || @.referrer.days >= 0 && @.referrer.days <= 366)')
    and p @? '$.gives[*]'
    and not p @? '$.gives[*] ? (!exists(@ ? (
      @.kind == "bonus" && @.fen > 0 && (@.fen <= 999999999) || @.kind == "points" && @.points > 0 || @.kind == "level" && @.level_id > 0
      || @.kind == "coupon" && @.rule_id > 0 && @.count >= 1 && @.count <= 20 || @.kind == "package" && @.product_id > 0)))'
    -- It is about no goods, and holds all day, every day of the week.
    and conditions_sound(p || '{"scope": {}}') and coalesce(jsonb_typeof(p #> '{when,hours}'), 'null') = 'null' and not p @? '$.when.weekdays[*]'
$$;

-- MB2, LV2, OR6: what the shop gives by itself. A rule is never changed, as of promotions. body is the rest of the type
-- GiftRule of the domain: on, gives, when, who.
create table gift_rule (
  merchant_id int not null references merchant,
  id int not null,
  version int not null,
  name text not null,
  active boolean not null default true,
  body jsonb not null,
  edited_at timestamptz not null default clock_timestamp(),
  -- The business day on which the first version was made.
  since date not null,
  constraint gift_rule_pkey primary key (merchant_id, id, version),
  constraint gift_rule_name check (name <> '' and length(name) <= 60),
  constraint gift_rule_body check (gift_sound(body))
);

-- Who am I: the merchant this login speaks for. Only the functions below call it. plpgsql keeps the plan;
-- a function in SQL is planned anew at every call.
create function seat_merchant() returns int
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$ begin return (select merchant_id from seat where role_name = session_user); end $$;

-- What was edited, to every console of the merchant that listens: the noun, nothing else. They read again
-- what they show. Never called where money moves: the lock of the queue is held until commit.
create function tell(m int, p_noun text) returns void
language sql
as $$ select pg_notify('shop_' || m, p_noun) $$;

grant select on merchant, store, till, role_limit, category, product, label_rule, level, top_up_rule, promotion, coupon_rule, gift_rule, contract_plan, reward,
  recipe, check_in_rule, kept_version to guitai_app;
-- Everything of the staff but the PIN.
grant select (merchant_id, id, number, name, role, home_store_id, badge, active, version) on staff to guitai_app;
grant execute on function seat_merchant() to guitai_app;

reset role;
