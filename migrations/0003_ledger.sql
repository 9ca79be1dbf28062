-- The ledger: operations, their postings and documents. Append-only.
--
-- Sign: what the shop owes or has earned grows with plus, what it owns shrinks with plus. A member's
-- balance is therefore the plain sum of her postings, and cash in a till is minus the sum of its.

set role guitai_ledger;

create type account as enum (
  -- what a member holds, in lots
  'principal', 'bonus', 'points', 'units',
  -- what the shop received, per till
  'cash', 'wechat', 'alipay', 'bank_card',
  -- where cash comes from and goes to
  'safe', 'paid_out', 'over_short',
  -- earned, gross, and what was taken off (LG5)
  'revenue', 'discount', 'rounding',
  -- paid for services that are still to come (合同负债)
  'unearned',
  -- paid beforehand, neither used nor given back
  'breakage',
  -- given on top, and points put into the world
  'bonus_granted', 'points_granted', 'units_granted',
  -- what of it was never used
  'bonus_expired', 'points_expired',
  -- between two members: zero over the merchant (MB4)
  'transfer', 'points_transfer',
  -- points that paid, or were exchanged
  'points_spent'
);

create type operation_kind as enum (
  'enrol', 'sale', 'attach', 'refund', 'top_up', 'top_up_reversal', 'instalment', 'redemption', 'redemption_reversal', 'settlement', 'gift',
  'exchange', 'exchange_reversal', 'check_in', 'level_review',
  -- the time of a claim without limit is over (RF4)
  'lapse',
  -- a prepayment for one order, a mistake taking it, and what of it is kept when she calls the order off (SV6)
  'deposit', 'deposit_reversal', 'forfeit',
  'shift_open', 'shift_close', 'paid_out', 'expiry',
  -- from one member to another, always both (MB4)
  'transfer_out', 'transfer_in',
  -- takes the id of an operation that was refused while nobody knew whether it had been posted
  'void'
);

create type lot_kind as enum ('stored_value', 'points', 'points_debt');

-- One cashier's time at one till (OP1). first_seq and last_seq bound its operations in the till's chain.
create table shift (
  merchant_id int not null,
  id uuid not null,
  till_id int not null,
  cashier_id int not null,
  business_on date not null,
  opened_at timestamptz not null,
  first_seq bigint not null,
  opening_float bigint not null,
  closed_at timestamptz,
  last_seq bigint,
  counted bigint,
  over_short bigint,
  reason text,
  constraint shift_pkey primary key (merchant_id, id),
  constraint shift_till foreign key (merchant_id, till_id) references till,
  constraint shift_cashier foreign key (merchant_id, cashier_id) references staff,
  constraint shift_float check (opening_float >= 0),
  constraint shift_counted check (counted >= 0)
);
create unique index shift_one_open on shift (merchant_id, till_id) where closed_at is null;

-- The open shift stands on the till's own row, so that posting checks it without another look-up.
alter table till add column shift_id uuid;
alter table till add constraint till_shift foreign key (merchant_id, shift_id) references shift;

-- An operation is one row, whole: what it posts, what was sold, what it opens. Nothing of it can be lost
-- or added apart from it, and everything else in the ledger can be made again from these rows.
-- LG2: one business event. The id is made by the till (UUIDv7) and is its idempotency key for ever.
create table operation (
  merchant_id int not null,
  id uuid not null,
  kind operation_kind not null,
  store_id int not null,
  till_id int not null,
  seq bigint not null,
  shift_id uuid,
  operator_id int not null,
  approver_id int,
  member_id bigint,
  business_on date not null,
  happened_at timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp(),
  -- The operation this one reverses, attaches or pays out.
  about_id uuid,
  -- What it adds to the member's spend and visits, in fen.
  spend bigint not null default 0,
  visit boolean not null default false,
  level_id int,
  -- Its postings; the view posting shows them as rows. The shop's accounts in fen, then the lots it moves, each
  -- with what it gains or loses of principal, bonus (fen) and points. The shop's side of the points is their sum.
  accounts account[] not null,
  amounts bigint[] not null,
  lots uuid[] not null,
  principals bigint[] not null,
  bonuses bigint[] not null,
  points bigint[] not null,
  -- The goods on the receipt; the view sale_line shows them as rows.
  lines jsonb,
  -- The lots it opens, and what few operations have: promised, paid-out and returned parts.
  new_lots jsonb,
  extras jsonb,
  document jsonb not null,
  request_hash bytea not null,
  -- LG6: hash of the till's previous operation and of everything above but recorded_at, which is the server's.
  hash bytea not null,
  -- What the member held afterwards: the first answer, given again to a retry.
  version_after bigint,
  principal_after bigint,
  bonus_after bigint,
  points_after bigint,
  constraint operation_seq_key unique (merchant_id, till_id, seq)
);
-- The order of what happened to a member is that of her versions: an id may follow from what it does.
create index operation_of_member on operation (merchant_id, member_id, version_after) include (business_on, spend) where member_id is not null;
-- Finds what was done about an operation, and keeps a top-up or a redemption from being reversed twice and a sale from being attached
-- twice (LG3, MB3). One index for both, because a posting opens them all.
create unique index operation_about on operation (
  merchant_id, about_id, (case when kind in ('attach', 'top_up_reversal', 'redemption_reversal', 'exchange_reversal', 'transfer_out', 'deposit_reversal', 'forfeit') then '00000000-0000-0000-0000-000000000000' else id end)
) where about_id is not null;
alter table operation add constraint operation_pkey primary key (merchant_id, id);

-- The postings of all operations. A member's accounts name the lot, or the claim, they move.
create view posting as
  select o.merchant_id, o.id as operation_id, p.no, p.account, case when p.account < 'cash' then o.member_id end as member_id, p.lot_id, p.amount
  from operation o
  cross join lateral (
    select s.no, s.account, null::uuid as lot_id, s.amount
      from unnest(o.accounts, o.amounts) with ordinality as s (account, amount, no)
    union all
    select cardinality(o.accounts) + 3 * l.no + a.no, a.account, l.lot_id, a.amount
      from unnest(o.lots, o.principals, o.bonuses, o.points) with ordinality as l (lot_id, principal, bonus, points, no)
      cross join lateral (values (0, 'principal'::account, l.principal), (1, 'bonus', l.bonus), (2, 'points', l.points)) as a (no, account, amount)
     where a.amount <> 0
    union all
    -- LG5: what was spent, and what of it came back, stands apart from what was granted.
    select 0, a.account, null, a.amount
      from (select coalesce(- sum(x), 0)::bigint as moved,
                   coalesce(- sum(x) filter (where case o.kind when 'sale' then x < 0 when 'refund' then x > 0 else o.kind in ('exchange', 'exchange_reversal') end), 0)::bigint as spent
              from unnest(o.points) as x) s
      cross join lateral (values
        (case when o.kind = 'expiry' then 'points_expired'::account when o.kind in ('transfer_out', 'transfer_in') then 'points_transfer' else 'points_granted' end, s.moved - s.spent),
        ('points_spent', s.spent)) as a (account, amount)
     where a.amount <> 0
    union all
    -- Claims, each in its own unit: both sides name it.
    select 0, a.account, u.id, a.amount
      from (select g.id, g.quantity from jsonb_to_recordset(o.extras -> 'grants') as g (id uuid, quantity bigint)
            union all select g.grant_id, g.quantity from jsonb_to_recordset(o.extras -> 'moves') as g (grant_id uuid, quantity bigint)) u
      cross join lateral (values ('units'::account, u.quantity), ('units_granted', - u.quantity)) as a (account, amount)
     where a.amount <> 0
  ) as p;

-- SV1, PT3: what a member holds came in lots. A stored-value lot has a principal and a bonus part and
-- expires_on is for the bonus; points lots are one per expiry day; the debt lot is the one balance that
-- may be negative (PT6): the posting function sees to that, a constraint would be read anew in every statement.
create table lot (
  merchant_id int not null,
  id uuid not null,
  member_id bigint not null,
  kind lot_kind not null,
  operation_id uuid not null,
  opened_at timestamptz not null,
  expires_on date,
  rule_id int,
  rule_version int,
  store_id int not null,
  principal balance not null default 0,
  bonus balance not null default 0,
  points bigint not null default 0,
  -- PT3: expires_on while something of it would be lost then: what finds the lots that are due. Null when the lot
  -- is empty; one that a sale emptied may keep it until its day is past, so that a sale touches no index. Kept by
  -- the posting function and checked by verify: a generated column costs every posting more.
  lapses_on date,
  constraint lot_member foreign key (merchant_id, member_id) references member,
  constraint lot_operation foreign key (merchant_id, operation_id) references operation,
  constraint lot_rule foreign key (merchant_id, rule_id, rule_version) references top_up_rule
) with (fillfactor = 80);
create index lot_of_member on lot (merchant_id, member_id);
create index lot_lapsing on lot (merchant_id, lapses_on, member_id) where lapses_on is not null;
create unique index lot_points_expiry on lot (merchant_id, member_id, kind, expires_on) nulls not distinct where kind <> 'stored_value';
alter table lot add constraint lot_pkey primary key (merchant_id, id);

-- What a member may claim that is neither money nor points: the services of a package (PK1), coupons (PR4), entitlements, what
-- she paid beforehand for one order, counted in fen (SV6), and multipliers of points for a time (PT2): one of it, that is never
-- used up.
-- A coupon that is printed on a receipt is whoever's has the receipt: it names no member. quantity is what is left
-- of it, in its unit; null is as often as she likes until expires_on. value is what of its price is not yet earned:
-- all of them together are the account unearned (PK4). expires_on may come with the first use. terms, in the shape of the domain's
-- type Terms, is what it was sold under and never changes.
create type grant_kind as enum ('package', 'coupon', 'entitlement', 'deposit', 'multiplier');

create table member_grant (
  merchant_id int not null,
  id uuid not null,
  member_id bigint,
  kind grant_kind not null,
  operation_id uuid not null,
  -- The line of the receipt it came with.
  no smallint not null,
  opened_at timestamptz not null,
  store_id int not null,
  product_id int,
  rule_id int,
  quantity balance,
  value balance not null,
  expires_on date,
  used_on date,
  terms jsonb not null,
  -- Who had it before it was transferred, and when it was last given away.
  held_by bigint[],
  given_on date,
  constraint member_grant_member foreign key (merchant_id, member_id) references member,
  constraint member_grant_operation foreign key (merchant_id, operation_id) references operation,
  constraint member_grant_product foreign key (merchant_id, product_id) references product
) with (fillfactor = 80);
-- What is left of them, member by member.
create index member_grant_open on member_grant (merchant_id, member_id) where quantity is null or quantity > 0;
-- Count what a member, and everybody, was given under a rule (PR4).
create index member_grant_given on member_grant (merchant_id, member_id, rule_id) where kind <> 'package';
create index member_grant_of_rule on member_grant (merchant_id, rule_id) where kind <> 'package';
create index member_grant_of_operation on member_grant (merchant_id, operation_id);
alter table member_grant add constraint member_grant_pkey primary key (merchant_id, id);

-- The lines of all receipts. quantity is pieces, or grams for goods by weight; amounts in fen.
-- reductions is a list of {reason, fen}: which rule took what off (LG7).
create view sale_line as
  select o.merchant_id, o.id as operation_id, l.no, l.product_id, l.name, l.kind, l.quantity, l.price, l.list, l.net, l.reductions,
         l.package, coalesce(l.prepaid, 0) as prepaid, l.served, l.ordered
  from operation o, rows from (jsonb_to_recordset(o.lines)
    as (product_id int, name text, kind product_kind, quantity bigint, price bigint, list bigint, net bigint, reductions jsonb, package jsonb,
      prepaid bigint, served jsonb, ordered jsonb))
    with ordinality as l (product_id, name, kind, quantity, price, list, net, reductions, package, prepaid, served, ordered, no);

-- LG3: what of a line came back so far; never more than was sold.
create table returned (
  merchant_id int not null,
  operation_id uuid not null,
  no smallint not null,
  quantity_sold bigint not null,
  net_sold bigint not null,
  quantity bigint not null,
  net bigint not null,
  constraint returned_pkey primary key (merchant_id, operation_id, no),
  constraint returned_operation foreign key (merchant_id, operation_id) references operation,
  constraint returned_quantity check (quantity between 0 and quantity_sold),
  constraint returned_net check (net between 0 and net_sold)
);

-- Bonus promised in parts (SV4). released_by is the operation that paid it out.
create table instalment (
  merchant_id int not null,
  operation_id uuid not null,
  no smallint not null,
  member_id bigint not null,
  lot_id uuid not null,
  due_on date not null,
  bonus bigint not null,
  -- Days it is valid once it is paid out: it opens a lot of its own then. Null: it joins lot_id.
  valid_days int,
  released_by uuid,
  cancelled_by uuid,
  constraint instalment_pkey primary key (merchant_id, operation_id, no),
  constraint instalment_lot foreign key (merchant_id, lot_id) references lot,
  constraint instalment_bonus check (bonus > 0),
  constraint instalment_once check (released_by is null or cancelled_by is null)
);
create index instalment_open on instalment (merchant_id, member_id, due_on) where released_by is null and cancelled_by is null;

create table level_change (
  merchant_id int not null,
  operation_id uuid not null,
  member_id bigint not null,
  from_level_id int not null,
  to_level_id int not null,
  constraint level_change_operation foreign key (merchant_id, operation_id) references operation,
  constraint level_change_from foreign key (merchant_id, from_level_id) references level,
  constraint level_change_to foreign key (merchant_id, to_level_id) references level
);

create index level_change_of_member on level_change (merchant_id, member_id);
alter table level_change add constraint level_change_pkey primary key (merchant_id, operation_id);

-- What rules gave to whom: the same occasion never twice. key tells the occasions of a rule apart.
create table gift_given (
  merchant_id int not null,
  member_id bigint not null,
  rule_id int not null,
  key text collate "C" not null,
  operation_id uuid not null,
  constraint gift_given_pkey primary key (merchant_id, member_id, rule_id, key),
  constraint gift_given_operation foreign key (merchant_id, operation_id) references operation
);

-- OR6: who brought whom. One level: nobody is rewarded for those whom her newcomers bring.
create table referral (
  merchant_id int not null,
  member_id bigint not null,
  referrer_id bigint not null,
  at timestamptz not null,
  staff_id int not null,
  constraint referral_member foreign key (merchant_id, member_id) references member,
  constraint referral_referrer foreign key (merchant_id, referrer_id) references member,
  constraint referral_another check (referrer_id <> member_id)
);
create index referral_of_referrer on referral (merchant_id, referrer_id);
alter table referral add constraint referral_pkey primary key (merchant_id, member_id);

-- OP3: an approval is a row: who, when, from where, for what.
create table approval (
  merchant_id int not null,
  operation_id uuid not null,
  approver_id int not null,
  operator_id int not null,
  till_id int not null,
  at timestamptz not null,
  constraint approval_pkey primary key (merchant_id, operation_id),
  constraint approval_operation foreign key (merchant_id, operation_id) references operation,
  constraint approval_approver foreign key (merchant_id, approver_id) references staff,
  constraint approval_maker_checker check (approver_id <> operator_id)
);

-- A sale put aside. Any till of the store may take it up; taking it up deletes it.
create table held_sale (
  merchant_id int not null,
  id uuid not null,
  store_id int not null,
  till_id int not null,
  staff_id int not null,
  held_at timestamptz not null,
  label text not null,
  total bigint not null,
  cart jsonb not null,
  constraint held_sale_pkey primary key (merchant_id, id),
  constraint held_sale_store foreign key (merchant_id, store_id) references store,
  constraint held_sale_staff foreign key (merchant_id, staff_id) references staff
);

-- OP3: the drawer was opened without a payment: who did it, who approved it, where, when and why. Written before the
-- drawer opens. Append-only. Between two shifts it belongs to none.
create table drawer_opening (
  merchant_id int not null,
  id bigint not null generated always as identity,
  at timestamptz not null default clock_timestamp(),
  -- Made at the till: asked for again when the answer was lost, it is written down once.
  key uuid not null,
  staff_id int not null,
  approver_id int,
  till_id int not null,
  shift_id uuid,
  reason text not null,
  constraint drawer_opening_staff foreign key (merchant_id, staff_id) references staff,
  constraint drawer_opening_approver foreign key (merchant_id, approver_id) references staff,
  constraint drawer_opening_till foreign key (merchant_id, till_id) references till,
  constraint drawer_opening_shift foreign key (merchant_id, shift_id) references shift,
  constraint drawer_opening_maker_checker check (approver_id <> staff_id),
  constraint drawer_opening_reason check (reason <> '' and length(reason) <= 200)
);
create index drawer_opening_of_shift on drawer_opening (merchant_id, shift_id);
alter table drawer_opening add constraint drawer_opening_key unique (merchant_id, key);
alter table drawer_opening add constraint drawer_opening_pkey primary key (merchant_id, id);

-- The till heard that it is written down and sent the drawer its pulse. Where this is missing the link broke in between,
-- and nobody knows whether the drawer opened.
create table drawer_pulse (
  merchant_id int not null,
  key uuid not null,
  at timestamptz not null default clock_timestamp(),
  constraint drawer_pulse_opening foreign key (merchant_id, key) references drawer_opening (merchant_id, key)
);
alter table drawer_pulse add constraint drawer_pulse_pkey primary key (merchant_id, key);

-- LG3: nothing ever updates or deletes what was posted, not even the owner of the tables.
create function refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$ begin raise exception 'the ledger is append-only: % on %', tg_op, tg_table_name using errcode = 'GT900'; end $$;

do $$
declare t text;
begin
  foreach t in array array['kept_version', 'operation', 'level_change', 'gift_given', 'referral', 'approval', 'member_edit', 'drawer_opening', 'drawer_pulse'] loop
    execute format('create trigger %I before update or delete on %I for each row execute function refuse_change()', t || '_no_change', t);
    execute format('create trigger %I before truncate on %I for each statement execute function refuse_change()', t || '_no_truncate', t);
    execute format('alter table %I enable always trigger %I', t, t || '_no_change');
    execute format('alter table %I enable always trigger %I', t, t || '_no_truncate');
  end loop;
end $$;

grant select on gift_given, referral, shift, operation, posting, lot, member_grant, sale_line, returned, instalment, level_change, approval, held_sale to guitai_app;

reset role;
