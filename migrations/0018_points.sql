-- Points: as money at the till, exchanged for rewards, and given for checking in.

set role guitai_ledger;

-- PT7: the days on which members checked in, by the cut-off of the store; kept beside the operations, and checked by verify.
create table check_in (
  merchant_id int not null,
  member_id bigint not null,
  day date not null,
  operation_id uuid not null,
  at timestamptz not null,
  streak bigint not null,
  constraint check_in_pkey primary key (merchant_id, member_id, day),
  constraint check_in_member foreign key (merchant_id, member_id) references member,
  constraint check_in_operation foreign key (merchant_id, operation_id) references operation
);

-- PT5: what points took off a sale is what the shop says they are worth, of no more of it than the shop allows, and no
-- point more than it needed; she has them, they are not past, and she owes none (PT6). Anything else is another sale than
-- the till planned: it plans again, and says why.
create function refuse_points_paid(m int, p_id uuid) returns void
language plpgsql
as $$
declare
  o operation%rowtype;
  e jsonb;
  v_off bigint;
  v_net bigint;
  v_spent bigint;
begin
  select * into o from operation where merchant_id = m and id = p_id;
  select points_exchange into e from merchant where merchant_id = m;
  select sum((r ->> 'fen')::bigint) into v_off from jsonb_path_query(o.lines, '$[*].reductions[*] ? (@.reason == "points")') r;
  select sum((l ->> 'net')::bigint) into v_net from jsonb_array_elements(o.lines) l;
  select coalesce(- sum(x), 0) into v_spent from unnest(o.points) x where x < 0;
  if o.member_id is null or e is null or o.document -> 'points_value' is distinct from e or (o.document ->> 'points_paid')::bigint is distinct from v_spent
     or v_spent * (e ->> 'fen')::bigint < v_off * (e ->> 'points')::bigint
     or (v_spent - 1) * (e ->> 'fen')::bigint >= v_off * (e ->> 'points')::bigint
     or v_off * 10000 > (v_net + v_off) * (e ->> 'cap')::bigint
     or v_spent < (e ->> 'least')::bigint then
    raise exception 'points do not pay %', v_off using errcode = 'GT001';
  end if;
  perform refuse_unheld_points(m, o);
end $$;

-- PT3, PT6: points that are past, or owed, pay nothing.
create function refuse_unheld_points(m int, o operation) returns void
language plpgsql
as $$
begin
  if exists (select from unnest(o.lots, o.points) as x (lot_id, points) join lot l on l.merchant_id = m and l.id = x.lot_id
          where x.points < 0 and (l.expires_on < o.business_on or l.kind <> 'points'))
     or exists (select from lot l where l.merchant_id = m and l.member_id = o.member_id and l.kind = 'points_debt'
          and l.points - coalesce((select sum(x.points) from unnest(o.lots, o.points) as x (lot_id, points) where x.lot_id = l.id), 0) < 0) then
    raise exception 'these points are past or owed' using errcode = 'GT001';
  end if;
end $$;

-- PT6: over all its returns no more points come back than a sale spent.
create function refuse_points_returned(m int, p_about uuid) returns void
language plpgsql
as $$
begin
  if (select coalesce(sum(x), 0) from operation r, unnest(r.points) x where r.merchant_id = m and r.about_id = p_about and r.kind = 'refund' and x > 0)
     > (select coalesce(- sum(x), 0) from operation o, unnest(o.points) x where o.merchant_id = m and o.id = p_about and x < 0) then
    raise exception 'more points returned than were spent' using errcode = 'GT007';
  end if;
end $$;

-- How many units of a reward went out and did not come back: the row is the lock of its stock. verify counts again.
create table reward_taken (
  merchant_id int not null,
  id int not null,
  count bigint not null,
  constraint reward_taken_count check (count >= 0),
  constraint reward_taken_pkey primary key (merchant_id, id)
);

-- How many units of a reward a member had, less what came back.
create function exchanged(m int, p_member bigint, p_reward int) returns bigint
language sql stable
as $$
  select coalesce(sum((o.document #>> '{reward,count}')::bigint * case o.kind when 'exchange' then 1 else -1 end), 0)::bigint
    from operation o
   where o.merchant_id = m and o.member_id = p_member and o.kind in ('exchange', 'exchange_reversal') and (o.document #>> '{reward,id}')::int = p_reward
$$;

-- PT4: an exchange follows the newest version of its reward: its points times the units, within its days, stores, levels and
-- limits, and gives what it says. Anything else is another exchange than the till planned. Its reversal is its opposite, in
-- the same shift.
create function post_exchange(m int, p_id uuid) returns void
language plpgsql
as $$
declare
  o operation%rowtype;
  a operation%rowtype;
  r reward%rowtype;
  v_count bigint;
  v_points bigint;
  v_taken bigint;
  v_product int;
begin
  select * into o from operation where merchant_id = m and id = p_id;
  v_count := (o.document #>> '{reward,count}')::bigint;
  v_points := (select sum(x) from unnest(o.points) x);
  if o.kind = 'exchange_reversal' then
    select * into a from operation where merchant_id = m and id = o.about_id for update;
    if not found or a.kind <> 'exchange' or a.shift_id is distinct from o.shift_id or a.member_id is distinct from o.member_id
       or a.document -> 'reward' is distinct from o.document -> 'reward' or v_points <> - (select sum(x) from unnest(a.points) x)
       or a.lines is distinct from o.lines
       or coalesce(jsonb_array_length(a.extras -> 'grants'), 0) <> coalesce(jsonb_array_length(o.extras -> 'moves'), 0) then
      raise exception 'not the opposite of exchange %', o.about_id using errcode = 'GT007';
    end if;
    update reward_taken set count = count - v_count where merchant_id = m and id = (o.document #>> '{reward,id}')::int;
    perform refuse_over_return(m, o.about_id);
    return;
  end if;
  select * into r from reward where merchant_id = m and id = (o.document #>> '{reward,id}')::int order by version desc limit 1;
  if not found or not r.active or r.version is distinct from (o.document #>> '{reward,version}')::int or v_count < 1 is not false
     or v_points is distinct from - v_count * (r.body ->> 'points')::bigint
     or not promotion_holds(r.body, o.happened_at)
     or not (coalesce(r.body #> '{who,stores}', '[]') = '[]' or r.body #> '{who,stores}' @> to_jsonb(o.store_id))
     or not (coalesce(r.body #> '{who,levels}', '[]') = '[]' or r.body #> '{who,levels}' @> (
       select to_jsonb(h.level_id) from holding h where h.merchant_id = m and h.member_id = o.member_id)) then
    raise exception 'reward is not in force: %', o.document using errcode = 'GT001';
  end if;
  v_product := (r.body #>> '{gives,goods,product_id}')::int;
  if (case
    when v_product is not null then o.extras is null and (
      select count(*) = 1 and bool_and(l.product_id = v_product and l.net = 0
               and l.list = case l.kind when 'weight' then (2 * l.price * l.quantity + 1000) / 2000 else l.price * l.quantity end
               and l.quantity = v_count * (r.body #>> '{gives,goods,quantity}')::bigint and l.price = p.price)
        from sale_line l join product p on p.merchant_id = m and p.id = v_product where l.merchant_id = m and l.operation_id = p_id)
    when r.body #> '{gives,service}' is not null then o.lines is null and (
      select count(*) = 1 and bool_and(g.product_id = (r.body #>> '{gives,service,product_id}')::int and g.value = 0
               and g.quantity = v_count * (r.body #>> '{gives,service,quantity}')::bigint)
        from jsonb_to_recordset(o.extras -> 'grants') as g (product_id int, quantity bigint, value bigint))
    when r.body #> '{gives,coupon}' is not null then o.lines is null and (
      select count(*) = v_count * (r.body #>> '{gives,coupon,quantity}')::bigint
             and bool_and(g.kind <> 'package' and g.rule_id = (r.body #>> '{gives,coupon,rule_id}')::int)
        from jsonb_to_recordset(o.extras -> 'grants') as g (kind text, rule_id int))
    else o.lines is null and not exists (
      (select i.product_id, i.quantity * v_count from product p, jsonb_to_recordset(p.package -> 'items') as i (product_id int, quantity bigint)
        where p.merchant_id = m and p.id = (r.body #>> '{gives,package,product_id}')::int
       except all
       select g.product_id, g.quantity from jsonb_to_recordset(o.extras -> 'grants') as g (product_id int, quantity bigint))
      union all
      (select g.product_id, g.quantity from jsonb_to_recordset(o.extras -> 'grants') as g (product_id int, quantity bigint)
       except all
       select i.product_id, i.quantity * v_count from product p, jsonb_to_recordset(p.package -> 'items') as i (product_id int, quantity bigint)
        where p.merchant_id = m and p.id = (r.body #>> '{gives,package,product_id}')::int)) end) is not true
  then
    raise exception 'not what the reward gives: %', o.document using errcode = 'GT001';
  end if;
  perform refuse_unheld_points(m, o);
  insert into reward_taken as t (merchant_id, id, count) values (m, r.id, v_count)
    on conflict on constraint reward_taken_pkey do update set count = t.count + v_count
    returning count into v_taken;
  if v_taken > (r.body ->> 'stock')::bigint or exchanged(m, o.member_id, r.id) > (r.body ->> 'per_member')::bigint then
    raise exception 'not so many of reward % are left', r.id using errcode = 'GT001';
  end if;
end $$;

-- How many units of each reward went out: to her, and in all.
create function rewards_taken(p_member bigint) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
begin
  return (select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'hers', exchanged(m, p_member, t.id), 'all', t.count)), '[]')
    from reward_taken t where t.merchant_id = m);
end $$;

-- A posted exchange: what its reversal is planned on.
create function read_exchange(p_id uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select jsonb_build_object(
    'id', o.id, 'seq', o.seq, 'at', o.happened_at, 'shift_id', o.shift_id, 'member_id', o.member_id, 'lines', coalesce(o.lines, '[]'),
    'reward', o.document -> 'reward',
    'points_spent', coalesce((select jsonb_agg(jsonb_build_array(x.lot_id, - x.points) order by x.no)
        from unnest(o.lots, o.points) with ordinality as x (lot_id, points, no)), '[]'),
    'grants', coalesce((select jsonb_agg(jsonb_build_object('id', g.id, 'operation_id', g.operation_id, 'kind', g.kind, 'product_id', g.product_id,
          'quantity', g.quantity, 'value', g.value, 'opened_at', g.opened_at, 'expires_on', g.expires_on, 'used_on', g.used_on, 'terms', g.terms) order by g.id)
        from member_grant g where g.merchant_id = o.merchant_id and g.operation_id = o.id), '[]'),
    'is_reversed', exists (select from operation k where k.merchant_id = o.merchant_id and k.about_id = o.id and k.kind = 'exchange_reversal'))
  from operation o
  where o.merchant_id = (select seat_merchant()) and o.id = p_id and o.kind = 'exchange'
$$;

-- A reward, new when its id is 0: every edit is a new version. What it gives is of the right kind.
create function save_reward(p_editor int, p jsonb) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  v_id int;
  v_version int;
begin
  perform refuse_editor(m, p_editor);
  if not exists (select from coupon_rule c where c.merchant_id = m and c.id = (p #>> '{gives,coupon,rule_id}')::int) and not exists (
    select from product g cross join lateral jsonb_each(p -> 'gives') as x (kind, gives)
     where g.merchant_id = m and g.id = (x.gives ->> 'product_id')::int and g.active
       and case x.kind when 'goods' then g.kind in ('piece', 'weight') else g.kind::text = x.kind end
  ) then
    raise exception 'a reward does not give this' using errcode = 'GT026';
  end if;
  select * into v_id, v_version from next_version(m, 'reward', p);
  insert into reward (merchant_id, id, version, name, active, body)
    values (m, v_id, v_version, p ->> 'name', (p ->> 'active')::boolean, p - 'id' - 'version' - 'name' - 'active');
  perform tell(m, 'reward');
  return v_id;
end $$;

-- PT7: what checking in gives. An edit is a new version; a check-in names the one that made its points.
create function save_check_in(p_editor int, p jsonb) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  v_version int;
begin
  perform refuse_editor(m, p_editor);
  lock table check_in_rule in share row exclusive mode;
  select coalesce(max(version), 0) into v_version from check_in_rule where merchant_id = m;
  if v_version is distinct from (p ->> 'version')::int then
    perform refuse_stale();
  end if;
  insert into check_in_rule (merchant_id, version, body) values (m, v_version + 1, p - 'version');
  perform tell(m, 'check_in');
  return true;
end $$;

-- PT7: once a day by the store's clock, the so many-th in a row, for the points of the newest rule. Anything else is another
-- check-in than the till planned: it plans again, and says when the first one was.
create function post_check_in(m int, p_id uuid) returns void
language plpgsql
as $$
declare
  o operation%rowtype;
  c check_in%rowtype;
  r check_in_rule%rowtype;
  v_day date;
  v_streak bigint := 1;
  v_place bigint;
  v_points bigint;
begin
  select * into o from operation where merchant_id = m and id = p_id;
  select ((o.happened_at at time zone 'Asia/Shanghai') - s.day_cutoff)::date into v_day from store s where s.merchant_id = m and s.id = o.store_id;
  select * into c from check_in where merchant_id = m and member_id = o.member_id order by day desc limit 1;
  if c.day = v_day - 1 then
    v_streak := c.streak + 1;
  end if;
  select * into r from check_in_rule where merchant_id = m order by version desc limit 1;
  select coalesce((v_streak - 1) % max((b ->> 'days')::bigint) + 1, v_streak) into v_place from jsonb_array_elements(r.body -> 'bonuses') b;
  select (r.body ->> 'points')::bigint + coalesce(sum((b ->> 'points')::bigint), 0) into v_points
    from jsonb_array_elements(r.body -> 'bonuses') b where (b ->> 'days')::bigint = v_place;
  if c.day >= v_day or r.body -> 'active' is distinct from 'true'
     or v_day < (r.body #>> '{when,from}')::date or v_day > (r.body #>> '{when,until}')::date
     or (coalesce(r.body #> '{who,stores}', '[]') = '[]' or r.body #> '{who,stores}' @> to_jsonb(o.store_id)) is not true
     or (coalesce(r.body #> '{who,levels}', '[]') = '[]' or r.body #> '{who,levels}' @> to_jsonb(
          (select h.level_id from holding h where h.merchant_id = m and h.member_id = o.member_id))) is not true
     or o.document -> 'check_in' is distinct from jsonb_build_object('day', v_day, 'streak', v_streak, 'version', r.version)
     or v_points is distinct from (select sum(x)::bigint from unnest(o.points) x) then
    raise exception 'not the check-in of %', v_day using errcode = 'GT001';
  end if;
  insert into check_in (merchant_id, member_id, day, operation_id, at, streak) values (m, o.member_id, v_day, o.id, o.happened_at, v_streak);
end $$;

grant execute on function save_check_in to guitai_app;
-- verify counts again.
grant select on reward_taken, check_in to guitai_app;

grant execute on function rewards_taken, read_exchange, save_reward to guitai_app;

-- LV1: members above the lowest level after p_after, in pages, with what keeps them there: what they spent by the day of the
-- review and by now, and the levels that top-ups and purchases gave them within the months they are kept. Who was reviewed for this day
-- is done with it.
create function level_candidates(p_review_on date, p_today date, p_lifetime boolean, p_keep_months int, p_after bigint, p_limit int) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  v_first int := (select l.id from level l where l.merchant_id = m order by l.rank limit 1);
begin
  return (select coalesce(jsonb_agg(to_jsonb(x) order by x.id), '[]') from (
    select h.member_id as id, h.version, b.name, h.level_id,
           (select left(c.value, 3) || '****' || right(c.value, 4) from credential c
             where c.merchant_id = m and c.member_id = h.member_id and c.kind = 'phone' and c.state = 'active' limit 1) as phone,
           coalesce(s.spend, 0)::bigint as spend, coalesce(s.spend_now, 0)::bigint as spend_now,
           array(select c.to_level_id from operation o join level_change c on c.merchant_id = m and c.operation_id = o.id
             where o.merchant_id = m and o.member_id = h.member_id
               and (o.kind = 'top_up' or (o.kind = 'sale' and exists (
                 select from sale_line s join level b on b.merchant_id = m and b.id = c.to_level_id and b.product_id = s.product_id
                  where s.merchant_id = m and s.operation_id = o.id)))
               and o.business_on + make_interval(months => p_keep_months) > p_review_on
               and not exists (select from operation r where r.merchant_id = m and r.about_id = o.id and r.kind in ('top_up_reversal', 'refund'))) as granted
      from holding h
      join member b on b.merchant_id = m and b.id = h.member_id
      left join lateral (
        select sum(o.spend) filter (where o.business_on <= p_review_on and (p_lifetime or o.business_on > p_review_on - interval '1 year')) as spend,
               sum(o.spend) filter (where p_lifetime or o.business_on > p_today - interval '1 year') as spend_now
          from operation o where o.merchant_id = m and o.member_id = h.member_id) s on true
     where h.merchant_id = m and h.member_id > p_after and h.level_id <> v_first and not b.is_bearer
       and not exists (select from operation k where k.merchant_id = m and k.member_id = h.member_id and k.kind = 'level_review'
         and (k.document #>> '{review,on}')::date >= p_review_on)
     order by h.member_id limit p_limit) x);
end $$;

-- Posts reviews of several members in one transaction, as post_expiries does. Whoever posts them may edit the shop, or
-- has the approval of who may. Who has changed meanwhile is left out.
create function post_level_reviews(
  p_till int, p_shift uuid, p_operator int, p_business_on date, p_happened_at timestamptz, p_plans jsonb
) returns setof uuid
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  e record;
  v_answer bigint[];
begin
  perform refuse_editor(m, p_operator);
  perform from till where merchant_id = m and id = p_till for update;
  for e in
    select * from jsonb_to_recordset(p_plans) as x (id uuid, member_id bigint, version bigint, level_id int, request_hash text, document jsonb)
    order by x.member_id
  loop
    perform from holding where merchant_id = m and member_id = e.member_id and version = e.version for update;
    continue when not found;
    v_answer := post(
      e.id, 'level_review', p_till, p_shift, p_operator, null, e.member_id, e.version, p_business_on, p_happened_at, null,
      0, false, null, null, null, null, null, e.level_id, '{}', '{}', '{}', '{}', '{}', '{}', null, null, null, e.document, decode(e.request_hash, 'hex'));
    if v_answer[1] = 0 then
      return next e.id;
    end if;
  end loop;
end $$;

-- The database's own wall: a review leads down, one level, by somebody who may.
create function refuse_level_review(m int, p_id uuid, p_operator int) returns void
language plpgsql
as $$
begin
  perform refuse_editor(m, p_operator);
  if not exists (
    select from level_change c
      join level f on f.merchant_id = m and f.id = c.from_level_id
      join level t on t.merchant_id = m and t.id = c.to_level_id
     where c.merchant_id = m and c.operation_id = p_id and t.rank < f.rank
       and not exists (select from level b where b.merchant_id = m and b.rank > t.rank and b.rank < f.rank)
  ) then
    raise exception 'operation % is no review', p_id using errcode = 'GT004';
  end if;
end $$;

grant execute on function level_candidates, post_level_reviews to guitai_app;

reset role;
