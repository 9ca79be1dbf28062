-- Operations on their way into the ledger, in a schema of their own that goes when all are in.
--
-- This file and the columns in tables.rs are all that the bulk path knows of how an operation is stored and
-- hashed.

create schema bulk;

create unlogged table bulk.op (
  till int, at timestamptz, id uuid, kind operation_kind, shift uuid, operator int, approver int, member bigint, business_on date,
  about uuid, spend bigint, visit boolean, level int, accounts account[], amounts bigint[],
  lots uuid[], principals bigint[], bonuses bigint[], points bigint[], lines jsonb, new_lots jsonb, extras jsonb, document jsonb, request_hash bytea, version_after bigint, principal_after bigint, bonus_after bigint, points_after bigint
);

create unlogged table bulk.holding (like holding including defaults);

create function bulk.next_hash(p_state bytea, p_head bytea, p_content bytea) returns bytea
language plpgsql immutable
as $$ begin return chain_hash(coalesce(p_state, p_head), p_content); end $$;

-- Follows a chain from its head.
create aggregate bulk.chain (bytea, bytea) (sfunc = bulk.next_hash, stype = bytea);

-- Returns name the number of their sale, which is known only now that all operations are there.
create function bulk.number_sales() returns void language sql
as $$
  update bulk.op r set document = r.document || jsonb_build_object('sale_seq', s.seq)
    from (select id, row_number() over (partition by till order by at, id) as seq from bulk.op) s
   where r.kind = 'refund' and s.id = r.about
$$;

-- Writes what a till did from p_from until p_to, in the order of time, as post() does one by one. Returns
-- how many operations that were.
create function bulk.write(p_till int, p_from timestamptz, p_to timestamptz) returns bigint language plpgsql
as $$
declare
  t till%rowtype;
  v_written bigint;
begin
  select * into t from till where id = p_till;
  with chained as materialized (
    select o.*, t.seq + row_number as seq,
           bulk.chain(t.head, operation_content(
             t.store_id, t.id, t.seq + row_number, id, kind, shift, operator, approver, member, business_on, at, about, spend, visit, level,
             accounts, amounts, lots, principals, bonuses, points, lines, new_lots, extras, document, request_hash)) over turn as hash
      from (select *, row_number() over (order by at, id) from bulk.op where till = p_till and at >= p_from and at < p_to) o
    window turn as (order by at, id rows unbounded preceding)),
  moved as (
    update till set seq = last.seq, head = last.hash
      from (select seq, hash from chained order by seq desc limit 1) last
     where merchant_id = t.merchant_id and id = t.id)
  insert into operation (merchant_id, id, kind, store_id, till_id, seq, shift_id, operator_id, approver_id, member_id, business_on,
      happened_at, about_id, spend, visit, level_id, accounts, amounts, lots, principals, bonuses, points, lines, new_lots, extras, document, request_hash, hash,
      version_after, principal_after, bonus_after, points_after)
    select t.merchant_id, c.id, c.kind, t.store_id, t.id, c.seq, c.shift, c.operator, c.approver, c.member, c.business_on,
           c.at, c.about, c.spend, c.visit, c.level, c.accounts, c.amounts, c.lots, c.principals, c.bonuses, c.points, c.lines, c.new_lots, c.extras,
           c.document, c.request_hash, c.hash, c.version_after, c.principal_after, c.bonus_after, c.points_after
      from chained c;
  get diagnostics v_written = row_count;
  return v_written;
end $$;

-- The shifts, all closed, from their first and last operations.
create function bulk.write_shifts() returns void language sql
as $$
  insert into shift (merchant_id, id, till_id, cashier_id, business_on, opened_at, first_seq, opening_float, closed_at, last_seq,
      counted, over_short, reason)
    select a.merchant_id, a.id, a.till_id, a.operator_id, a.business_on, a.happened_at, a.seq, (a.document ->> 'float')::bigint,
           z.happened_at, z.seq, (z.document ->> 'counted')::bigint,
           (z.document ->> 'counted')::bigint - (z.document ->> 'expected')::bigint, z.document ->> 'reason'
      from operation a join operation z on z.merchant_id = a.merchant_id and z.shift_id = a.id and z.kind = 'shift_close'
     where a.kind = 'shift_open'
$$;

-- The holdings, with the figures that are kept beside them.
create function bulk.write_holdings() returns void language sql
as $$
  insert into holding (merchant_id, member_id, version, principal, bonus, points, level_id, visits, first_visit_on, last_visit_on, spend,
      at_risk, due_on)
    select merchant_id, member_id, version, principal, bonus, points, level_id, visits, first_visit_on, last_visit_on, spend,
           at_risk(principal + bonus, spend, first_visit_on, last_visit_on), due_on(visits, first_visit_on, last_visit_on)
      from bulk.holding
$$;
