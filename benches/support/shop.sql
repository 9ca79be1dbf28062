-- A shop of many years' standing, written in bulk: bench.members members and bench.visits visits, all of
-- them rows of operation, in the three years before bench.today. Each part is a transaction of its own.
--
-- What no bench reads is left out: sale lines, shifts, the top-ups. Random numbers are hashes of the member.

-- == members: when they joined, how often they came, when they stopped
create function pg_temp.dice(bigint, bigint) returns float8 language sql immutable
as $$ select (hashint8extended($1, $2) & 1152921504606846975) / 1152921504606846976.0::float8 $$;

-- Two in five are faithful. The rest stayed for a while, short or long.
create temp table person as
  with habit as (
    select m, d.days, -ln(1 - pg_temp.dice(m, 2)) * (30 + d.days) as weight
    from generate_series(1, current_setting('bench.members')::bigint) as m
    cross join lateral (select floor(pg_temp.dice(m, 1) * 1095)::int as days) d
  ), share as (
    select m, days, sum(weight) over (order by m) / sum(weight) over () as up_to from habit
  ), counted as (
    select m, days, round(up_to * v)::int - round(coalesce(lag(up_to) over (order by m), 0) * v)::int as visits
    from share, (select current_setting('bench.visits')::float8 as v) v
  )
  select c.m, c.days as joined, c.visits, pg_temp.dice(c.m, 8) as purse,
         case when c.visits < 2 then c.days
              when pg_temp.dice(c.m, 3) < 0.4 then least(c.days, floor(-ln(1 - pg_temp.dice(c.m, 4)) * 20)::int)
              else floor(c.days * (1 - power(pg_temp.dice(c.m, 4), 2)))::int end as last
  from counted c;
create unique index on person (m);
analyze person;

insert into member (merchant_id, id, name, initials, spelling, grams, gender, birth_month, birth_day, home_store_id, joined_on)
  select 1, p.m, n.name, n.initials, n.spelling, n.grams, case when pg_temp.dice(p.m, 5) < 0.66 then 'female' else 'male' end::gender,
         1 + p.m % 12, 1 + p.m % 28, 1, current_setting('bench.today')::date - p.joined
  from person p join name_pool n on n.no = floor(pg_temp.dice(p.m, 6) * (select count(*) from name_pool))::int;
select setval(pg_get_serial_sequence('member', 'id'), (select max(id) from member));

-- == what identifies them: a phone, the code of the shop's own, and every fifth a card
-- Times a number without common factors: every member another phone, of no operator that exists.
insert into credential (merchant_id, value, kind, member_id)
  select 1, (array['154', '161', '163', '164', '168', '169', '179', '194'])[1 + x.n / 100000000] || lpad((x.n % 100000000)::text, 8, '0'), 'phone', m
  from person cross join lateral (select m * 387420489 % 800000000 as n) x;
insert into credential (merchant_id, value, kind, member_id)
  select 1, 'GT' || upper(translate(substr(md5(m::text), 1, 17), 'abcdef', 'HJKMNP')), 'code', m from person;
insert into credential (merchant_id, value, kind, member_id)
  select 1, '80' || lpad((m * 48271 % 100000000)::text, 8, '0'), 'card', m from person where m % 5 = 0;

-- == the visits
-- In the order of time: a member's rows lie apart, as they do when a shop lives them.
insert into operation (
  merchant_id, id, kind, store_id, till_id, seq, operator_id, member_id, business_on, happened_at, recorded_at, spend, visit,
  accounts, amounts, lots, principals, bonuses, points, request_hash, hash, version_after, principal_after, bonus_after, points_after, document)
  select 1, (lpad(to_hex(946684800000 + x.at), 12, '0') || '7' || substr(h.h, 1, 3) || '8' || substr(h.h, 4, 15))::uuid,
         'sale', 1, 1 + x.no % 3, x.no / 3 + 1, 1, x.m, date '2000-01-01' + (x.at / 86400000)::int,
         timestamptz '2000-01-01 00:00+00' + x.at * interval '1 millisecond', timestamptz '2000-01-01 00:00+00' + x.at * interval '1 millisecond', x.spend, true,
         '{revenue,wechat}', array[x.spend, -x.spend], '{}', '{}', '{}', '{}', decode(h.h || h.h, 'hex'), decode(h.h || h.h, 'hex'), x.k + 1, 0, 0, x.spend / 100,
         '{"points": 68, "rounding": 0, "multiplier": 10000, "tenders": [{"kind": "wechat", "given": 6800, "amount": 6800}]}'
  from (
    select s.m, s.k, s.at, s.spend, row_number() over (order by s.at) - 1 as no
    from (
      select p.m, k,
             -- Evenly from the first day to the last, at some time between nine and nine.
             (current_setting('bench.today')::date - p.joined - date '2000-01-01' + (p.joined - p.last) * k / greatest(p.visits - 1, 1))::bigint * 86400000
               + 3600000 + floor(pg_temp.dice(p.m, 100 + k) * 43200000)::bigint as at,
             (20 + floor(power(pg_temp.dice(p.m, 7), 3) * 180) + floor(pg_temp.dice(p.m, 200 + k) * 60))::bigint * 100 as spend
      from person p cross join lateral generate_series(0, p.visits - 1) as k
    ) s
  ) x cross join lateral (select md5(x.no::text) as h) h;

update till t set seq = o.seq, head = sha256('')
  from (select till_id, max(seq) as seq from operation group by till_id) o where t.merchant_id = 1 and t.id = o.till_id;

-- == what they hold
insert into holding (merchant_id, member_id, version, principal, bonus, points, level_id, visits, first_visit_on, last_visit_on, spend, at_risk, due_on)
  select 1, p.m, coalesce(v.visits, 0), b.principal, b.principal / 10, coalesce(v.spend, 0) / 100,
         case when v.spend >= 800000 then 4 when v.spend >= 300000 then 3 when v.spend >= 100000 then 2 else 1 end,
         coalesce(v.days, 0), v.first, v.last, coalesce(v.spend, 0),
         at_risk(b.principal + b.principal / 10, coalesce(v.spend, 0), v.first, v.last), due_on(coalesce(v.days, 0)::int, v.first, v.last)
  from person p
  -- Every other member has money here, most of them little.
  cross join lateral (select case when p.purse < 0.5 then floor(power(p.purse * 2, 4) * 350000)::bigint else 0 end as principal) b
  left join (
    select member_id, count(*) as visits, count(distinct business_on) as days, min(business_on) as first, max(business_on) as last, sum(spend)::bigint as spend
    from operation group by member_id) v on v.member_id = p.m;

insert into lot (merchant_id, id, member_id, kind, operation_id, opened_at, store_id, principal, bonus)
  select 1, md5('stored ' || h.member_id)::uuid, h.member_id, 'stored_value', md5('stored ' || h.member_id)::uuid, h.first_visit_on, 1, h.principal, h.bonus
  from holding h where h.principal > 0 and h.visits > 0;
insert into lot (merchant_id, id, member_id, kind, operation_id, opened_at, expires_on, store_id, points)
  select 1, md5('points ' || h.member_id)::uuid, h.member_id, 'points', md5('points ' || h.member_id)::uuid, h.first_visit_on,
         current_setting('bench.today')::date + 300, 1, h.points
  from holding h where h.points > 0;
