-- A big demo shop in bulk, one business day per call. The objects live in the session that makes them.
--
-- Members join evenly over the days and load on that day; they come the same day, again after about a
-- month and two, and every third a last time. All of level 1 and at list price: the same postings, hashes
-- and balances the rules give them one by one.

-- The big tables are reached by index only, whatever the planner knew of them when they were empty.
set enable_seqscan = off;
set enable_hashjoin = off;
set enable_mergejoin = off;
set work_mem = '64MB';
-- Foreign keys are not checked row by row: two fifths of the time, and verify looks at all that matters.
set session_replication_role = replica;

create temp table name_pool (no int primary key, name text, initials text, spelling text, grams text[], gender gender);
create temp table goods (no int primary key, id int, name text, kind product_kind, price bigint);
insert into goods select row_number() over (order by id) - 1, id, name, kind, price from product
  where member_price is null and price between 1000 and 9800;

create temp table op (
  till int, store int, operator int, shift uuid, id uuid, kind operation_kind, member bigint, at timestamptz, spend bigint, visit boolean,
  document jsonb, account account[], lot uuid[], amount bigint[], principal bigint, bonus bigint, points bigint, cash bigint,
  product int, name text, line_kind product_kind, price bigint
);
create temp table ranked (
  like op, seq bigint, version bigint, principal_after bigint, bonus_after bigint, points_after bigint
);

create function pg_temp.dice(p_seed bigint, p_member bigint, p_no int) returns int language sql immutable
as $$ select ('x' || substr(md5(p_seed || ' ' || p_member || ' ' || p_no), 1, 7))::bit(28)::int $$;

-- An id as a till makes it: version 7 of its time.
create function pg_temp.made(p_at timestamptz, p_salt text) returns uuid language sql immutable
as $$ select (lpad(to_hex((extract(epoch from p_at) * 1000)::bigint), 12, '0') || '7' || substr(md5(p_salt), 1, 3) || '8' || substr(md5(p_salt), 4, 15))::uuid $$;

create function pg_temp.next_hash(p_state bytea, p_head bytea, p_store int, p_till int, p_seq bigint, p_content text) returns bytea language sql immutable
as $$ select sha256(coalesce(p_state, p_head) || int4send(p_store) || int4send(p_till) || int8send(p_seq) || convert_to(p_content, 'UTF8')) $$;

create aggregate pg_temp.chain(bytea, int, int, bigint, text) (sfunc = pg_temp.next_hash, stype = bytea);

-- Who joined on the p_day-th day: the ids (low, high].
create function pg_temp.low(p_day int, p_days int, p_members int) returns bigint language sql immutable
as $$ select p_members::bigint * p_day / p_days $$;

create function pg_temp.gather(p_seed bigint, p_on date, p_day int, p_days int, p_members int) returns void language plpgsql as $f$
declare
  v_opens timestamptz := p_on + time '01:30';
  v_expires date := (date_trunc('month', p_on) + interval '25 months')::date - 1;
  v_low bigint := pg_temp.low(p_day, p_days, p_members);
  v_high bigint := pg_temp.low(p_day + 1, p_days, p_members);
  v_goods int := (select count(*) from goods);
begin
  truncate op, ranked;
  -- Enrolment with the welcome points, and a top-up a minute later.
  insert into op
    select 1 + m % 3, null, null, null, pg_temp.made(j.at, 'enrol ' || m), 'enrol', m, j.at, 0, false,
           jsonb_build_object('welcome_points', 100, 'level_id', 1), '{points,points_granted}', array[j.points_lot, null], '{100,-100}', 0, 0, 100, 0
    from generate_series(v_low + 1, v_high) as m
    cross join lateral (select v_opens + make_interval(secs => pg_temp.dice(p_seed, m, 0) % 36000) as at, md5('points ' || m || v_expires)::uuid as points_lot) j;
  insert into op
    select 1 + m % 3, null, null, null, pg_temp.made(j.at, 'top_up ' || m), 'top_up', m, j.at, 0, false,
           jsonb_build_object('amount', r.amount, 'bonus', r.bonus, 'points', r.points, 'rule', r.name, 'instalments', '[]'::jsonb, 'terms_version', 1,
             'spend_order', 'pro_rata', 'tenders', jsonb_build_array(jsonb_build_object('kind', j.tender, 'amount', r.amount, 'given', r.amount))),
           array[j.tender, 'principal', 'bonus', 'bonus_granted', 'points', 'points_granted']::account[],
           array[null, md5('stored ' || m)::uuid, md5('stored ' || m)::uuid, null, md5('points ' || m || v_expires)::uuid, null],
           array[-r.amount, r.amount, r.bonus, -r.bonus, r.points, -r.points], r.amount, r.bonus, r.points,
           case when j.tender = 'cash' then r.amount else 0 end
    from generate_series(v_low + 1, v_high) as m
    cross join lateral (select v_opens + make_interval(secs => 60 + pg_temp.dice(p_seed, m, 0) % 36000) as at,
                               (array['wechat', 'alipay', 'bank_card', 'cash', 'wechat'])[1 + pg_temp.dice(p_seed, m, 1) % 5] as tender) j
    join (values (0, '充300送30', 30000::bigint, 3000::bigint, 100::bigint), (1, '充500送80', 50000, 8000, 200)) as r (turn, name, amount, bonus, points)
      on r.turn = m % 2;
  -- Sales, by stored value when it covers.
  insert into op
    select 1 + (s.m + s.k) % 3, null, null, null, pg_temp.made(s.at, 'sale ' || s.m || ' ' || s.k), 'sale', s.m, s.at, s.price, true,
           jsonb_build_object('rounding', 0, 'points', s.earned,
             'shares', jsonb_build_array(jsonb_build_object('by', 'level', 'fen', s.price, 'multiplier', 10000)),
             'tenders', jsonb_build_array(jsonb_build_object('kind', case when s.covered then 'stored_value' else 'wechat' end, 'amount', s.price, 'given', s.price))),
           case when s.covered then '{revenue,principal,bonus,points,points_granted}' else '{revenue,wechat,points,points_granted}' end::account[],
           case when s.covered then array[null, s.stored, s.stored, s.points_lot, null] else array[null, null, s.points_lot, null] end,
           case when s.covered then array[s.price, s.from_bonus - s.price, -s.from_bonus, s.earned, -s.earned]
                else array[s.price, -s.price, s.earned, -s.earned] end,
           case when s.covered then s.from_bonus - s.price else 0 end, case when s.covered then -s.from_bonus else 0 end, s.earned, 0,
           s.id, s.name, s.kind, s.price
    from (
      select v.m, v.k, g.*, g.price / 100 as earned, md5('points ' || v.m || v_expires)::uuid as points_lot, md5('stored ' || v.m)::uuid as stored,
             v_opens + make_interval(secs => case when v.k = 0 then 1500 + pg_temp.dice(p_seed, v.m, 0) % 36000 else pg_temp.dice(p_seed, v.m, 10 + v.k) % 38000 end) as at,
             h.principal + h.bonus >= g.price as covered, g.price * h.bonus / nullif(h.principal + h.bonus, 0) as from_bonus
      from (
        select m, k.k from (values (0, 0, 0), (1, 20, 1), (2, 50, 2), (3, 120, 5)) as k (k, days, more)
        cross join generate_series(0, 15) as c
        cross join lateral (select p_day - k.days - k.more * c as joined) j
        cross join lateral (select pg_temp.low(j.joined, p_days, p_members) + 1 as first, pg_temp.low(j.joined + 1, p_days, p_members) as last) r
        cross join lateral generate_series(r.first + (c - r.first % 16 + 16) % 16, r.last, 16) as m
        where j.joined >= 0 and (k.k < 3 or m % 3 = 0)) v
      join goods g on g.no = pg_temp.dice(p_seed, v.m, 20 + v.k) % v_goods
      left join lot l on l.merchant_id = 1 and l.id = md5('stored ' || v.m)::uuid
      cross join lateral (select coalesce(l.principal, case v.m % 2 when 0 then 30000 else 50000 end) as principal,
                                 coalesce(l.bonus, case v.m % 2 when 0 then 3000 else 8000 end) as bonus) h
    ) s;
end $f$;

create function pg_temp.write_day(p_seed bigint, p_on date, p_day int, p_days int, p_members int) returns void language plpgsql as $f$
declare
  v_low bigint := pg_temp.low(p_day, p_days, p_members);
  v_high bigint := pg_temp.low(p_day + 1, p_days, p_members);
  v_expires date := (date_trunc('month', p_on) + interval '25 months')::date - 1;
  v_opened timestamptz := p_on + time '01:20';
  v_closed timestamptz := p_on + time '13:30';
  v_pool int := (select count(*) from name_pool);
begin
  perform pg_temp.gather(p_seed, p_on, p_day, p_days, p_members);
  -- The shift around the day's operations: its float, and its cash back to the safe.
  insert into op (till, id, kind, at, spend, visit, document, account, lot, amount, principal, bonus, points)
    select t.id, pg_temp.made(v_opened, 'open ' || t.id), 'shift_open', v_opened, 0, false, jsonb_build_object('float', 50000),
           '{cash,safe}', '{null,null}', '{-50000,50000}', 0, 0, 0
    from till t where t.merchant_id = 1;
  insert into op (till, id, kind, at, spend, visit, document, account, lot, amount, principal, bonus, points)
    select t.id, pg_temp.made(v_closed, 'close ' || t.id), 'shift_close', v_closed, 0, false,
           jsonb_build_object('expected', c.cash, 'counted', c.cash, 'reason', ''), '{cash,safe}', '{null,null}', array[c.cash, -c.cash], 0, 0, 0
    from till t cross join lateral (select 50000 + coalesce(sum(o.cash), 0)::bigint as cash from op o where o.till = t.id) c
    where t.merchant_id = 1;
  update op set store = case till when 3 then 2 else 1 end, operator = till + 3, shift = pg_temp.made(v_opened, 'open ' || till);

  insert into member (merchant_id, id, name, initials, spelling, grams, gender, birth_month, birth_day, home_store_id, joined_on)
    select 1, m, n.name, n.initials, n.spelling, n.grams, n.gender, 1 + pg_temp.dice(p_seed, m, 3) % 12, 1 + pg_temp.dice(p_seed, m, 4) % 28,
           case when m % 3 = 2 then 2 else 1 end, p_on
    from generate_series(v_low + 1, v_high) as m join name_pool n on n.no = pg_temp.dice(p_seed, m, 2) % v_pool;
  -- Times a number without common factors: every member another phone, none of an operator that exists.
  insert into credential (merchant_id, value, kind, member_id)
    select 1, (array['154', '161', '163', '164', '168', '169', '179', '194'])[1 + x.n / 100000000] || lpad((x.n % 100000000)::text, 8, '0'), 'phone', m
    from generate_series(v_low + 1, v_high) as m cross join lateral (select m * 387420489 % 800000000 as n) x;

  insert into ranked
    select op.*, t.seq + row_number() over (partition by op.till order by op.at, op.id),
           coalesce(h.version, 0) + row_number() over w, coalesce(h.principal, 0) + sum(op.principal) over w,
           coalesce(h.bonus, 0) + sum(op.bonus) over w, coalesce(h.points, 0) + sum(op.points) over w
    from op join till t on t.merchant_id = 1 and t.id = op.till
    left join holding h on h.merchant_id = 1 and h.member_id = op.member
    window w as (partition by op.member order by op.at, op.id);

  insert into holding as h (merchant_id, member_id, version, principal, bonus, points, level_id, visits, first_visit_on, last_visit_on, spend)
    select distinct on (r.member) 1, r.member, r.version, r.principal_after, r.bonus_after, r.points_after, 1, 1, p_on, p_on,
           sum(r.spend) over (partition by r.member)
    from ranked r where r.member is not null order by r.member, r.version desc
  on conflict on constraint holding_pkey do update
    set version = excluded.version, principal = excluded.principal, bonus = excluded.bonus, points = excluded.points,
        visits = h.visits + 1, last_visit_on = excluded.last_visit_on, spend = h.spend + excluded.spend;
  update holding h set at_risk = at_risk(h.principal + h.bonus, h.spend, h.first_visit_on, h.last_visit_on), due_on = due_on(h.visits, h.first_visit_on, h.last_visit_on)
    from (select distinct member from ranked) r where h.merchant_id = 1 and h.member_id = r.member;

  insert into operation (merchant_id, id, kind, store_id, till_id, seq, shift_id, operator_id, member_id, business_on, happened_at,
      spend, visit, accounts, lots, amounts, lines, new_lots, document, request_hash, hash, version_after, principal_after, bonus_after, points_after)
    select 1, r.id, r.kind, r.store, r.till, r.seq, r.shift, r.operator, r.member, p_on, r.at, r.spend, r.visit, r.account, r.lot, r.amount,
           x.lines, x.new_lots, r.document, sha256(r.id::text::bytea),
           pg_temp.chain(t.head, r.store, r.till, r.seq, operation_content(r.id, r.kind, r.shift, r.operator, null, r.member, p_on, r.at,
             null, r.spend, r.visit, null, r.account, r.lot, r.amount, x.lines, x.new_lots, null, r.document, sha256(r.id::text::bytea)))
             over (partition by r.till order by r.seq),
           case when r.member is not null then r.version end, case when r.member is not null then r.principal_after end,
           case when r.member is not null then r.bonus_after end, case when r.member is not null then r.points_after end
    from ranked r join till t on t.merchant_id = 1 and t.id = r.till
    cross join lateral (select
      case when r.price is not null then jsonb_build_array(jsonb_build_object('product_id', r.product, 'name', r.name, 'kind', r.line_kind,
        'quantity', 1, 'price', r.price, 'list', r.price, 'net', r.price, 'reductions', '[]'::jsonb)) end as lines,
      (select jsonb_agg(n.lot) from (
         select jsonb_build_object('id', md5('stored ' || r.member)::uuid, 'kind', 'stored_value', 'expires_on', null, 'rule_id', 1 + r.member % 2, 'rule_version', 1) as lot
          where r.kind = 'top_up'
         union all
         select jsonb_build_object('id', md5('points ' || r.member || v_expires)::uuid, 'kind', 'points', 'expires_on', v_expires, 'rule_id', null, 'rule_version', null)
          where r.points > 0 and r.version = (select min(f.version) from ranked f where f.member = r.member and f.points > 0)
            and not exists (select from lot l where l.merchant_id = 1 and l.id = md5('points ' || r.member || v_expires)::uuid)) n) as new_lots) x;
  insert into consent (merchant_id, member_id, purpose, version, channel, granted_at, operation_id)
    select 1, r.member, 'membership', 1, 'counter', r.at, r.id from ranked r where r.kind = 'enrol';
  -- Lots: what is there moves, what is new is opened by its first operation of the day.
  update lot l set principal = l.principal + r.principal, bonus = l.bonus + r.bonus
    from ranked r where r.kind = 'sale' and r.principal < 0 and l.merchant_id = 1 and l.id = md5('stored ' || r.member)::uuid;
  update lot l set points = l.points + r.points
    from (select member, sum(points) as points from ranked where member is not null group by member) r
   where l.merchant_id = 1 and l.id = md5('points ' || r.member || v_expires)::uuid;
  insert into lot (merchant_id, id, member_id, kind, operation_id, opened_at, rule_id, rule_version, store_id, principal, bonus)
    select 1, md5('stored ' || r.member)::uuid, r.member, 'stored_value', r.id, r.at, 1 + r.member % 2, 1, r.store, h.principal, h.bonus
    from ranked r join holding h on h.merchant_id = 1 and h.member_id = r.member where r.kind = 'top_up';
  insert into lot (merchant_id, id, member_id, kind, operation_id, opened_at, expires_on, lapses_on, store_id, points)
    select distinct on (r.member) 1, md5('points ' || r.member || v_expires)::uuid, r.member, 'points', r.id, r.at, v_expires, v_expires, r.store,
           sum(r.points) over (partition by r.member)
    from ranked r where r.member is not null and r.points > 0 order by r.member, r.version
  on conflict on constraint lot_pkey do nothing;

  insert into shift (merchant_id, id, till_id, cashier_id, business_on, opened_at, first_seq, opening_float, closed_at, last_seq, counted, over_short, reason)
    select 1, a.id, a.till, a.operator, p_on, a.at, a.seq, 50000, z.at, z.seq, (z.document ->> 'counted')::bigint, 0, ''
    from ranked a join ranked z on z.till = a.till and z.kind = 'shift_close' where a.kind = 'shift_open';
  update till t set seq = o.seq, head = o.hash
    from (select distinct on (till) till, seq from ranked order by till, seq desc) r
    join operation o on o.merchant_id = 1 and o.till_id = r.till and o.seq = r.seq
   where t.merchant_id = 1 and t.id = r.till;
end $f$;
