-- Coupons to a whole segment (PR4): an operation for each member, posted like any other, and a line for the batch.

set role guitai_ledger;

-- Who gave coupons of which rule to whom, why, and how many of them by now. Its id follows from rule, segment and business
-- day: whoever presses the same again that day, at any till, goes on with it. Kept by the posting function, checked by verify.
create table coupon_batch (
  merchant_id int not null,
  id uuid not null,
  rule_id int not null,
  rule_version int not null,
  -- Who began it; who gave what stands in the operations.
  staff_id int not null,
  approver_id int,
  till_id int not null,
  business_on date not null,
  at timestamptz not null,
  -- The criterion, in the shape of the domain's type Segment.
  segment jsonb not null,
  reason text not null,
  given bigint not null,
  constraint coupon_batch_rule foreign key (merchant_id, rule_id, rule_version) references coupon_rule,
  constraint coupon_batch_staff foreign key (merchant_id, staff_id) references staff,
  constraint coupon_batch_till foreign key (merchant_id, till_id) references till,
  constraint coupon_batch_given check (given > 0)
);
create index coupon_batch_of_rule on coupon_batch (merchant_id, rule_id, at);
alter table coupon_batch add constraint coupon_batch_pkey primary key (merchant_id, id);

-- What these members had of a rule, in the order they are named in: all in all, and by this batch; and how many were given to
-- everybody. gone is whoever was merged, forgotten, or is a gift card.
create function segment_facts(p_members bigint[], p_rule int, p_batch uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
begin
  return jsonb_build_object(
    'given', (select count(*) from member_grant x where x.merchant_id = m and x.rule_id = p_rule and x.kind <> 'package'),
    'members', coalesce((
      select jsonb_agg(jsonb_build_object('id', u.id, 'level_id', h.level_id, 'had', g.had, 'done', g.done,
               'gone', t.merged_into is not null or t.erased_at is not null or t.is_bearer) order by u.turn)
        from unnest(p_members) with ordinality as u (id, turn)
        join member t on t.merchant_id = m and t.id = u.id
        join holding h on h.merchant_id = m and h.member_id = u.id
        cross join lateral (
          select count(*) as had, coalesce(bool_or(o.document #>> '{batch,id}' = p_batch::text), false) as done
            from member_grant x join operation o on o.merchant_id = m and o.id = x.operation_id
           where x.merchant_id = m and x.member_id = u.id and x.rule_id = p_rule and x.kind <> 'package') g), '[]'),
    'batches', coalesce((
      select jsonb_agg(jsonb_build_object('id', b.id, 'at', b.at, 'staff', s.name, 'segment', b.segment, 'reason', b.reason, 'given', b.given) order by b.at desc)
        from (select * from coupon_batch b where b.merchant_id = m and b.rule_id = p_rule order by b.at desc limit 3) b
        join staff s on s.merchant_id = m and s.id = b.staff_id), '[]'));
end $$;

-- Gives some members of a batch their coupons, in the order of the plans, each as an operation of her own, and says what became of
-- each: given, known (by this batch, whoever gave it), none_left, gone. Any other refusal takes the whole call back. A plan needs
-- nothing of the member but who she is, so that it is posted on her as she stands.
create function post_segment(
  p_till int, p_shift uuid, p_operator int, p_approver int, p_business_on date, p_happened_at timestamptz, p_batch jsonb, p_plans jsonb
) returns table (member_id bigint, became text)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
  m int := seat_merchant();
  e record;
  v_version bigint;
  v_given bigint := 0;
begin
  -- As every posting locks: the till, then the members, all of them before the rule that the first coupon locks.
  perform from till where merchant_id = m and id = p_till for update;
  perform from holding h where h.merchant_id = m and h.member_id in (select (x ->> 'member_id')::bigint from jsonb_array_elements(p_plans) x)
    order by h.member_id for update;
  for e in
    select x.* from rows from (jsonb_to_recordset(p_plans)
      as (id uuid, member_id bigint, request_hash text, extras jsonb, document jsonb)) with ordinality as x (id, member_id, request_hash, extras, document, turn)
    order by x.turn
  loop
    member_id := e.member_id;
    select h.version into v_version from holding h join member t on t.merchant_id = m and t.id = h.member_id
     where h.merchant_id = m and h.member_id = e.member_id and t.merged_into is null and t.erased_at is null and not t.is_bearer;
    if not found then
      became := 'gone';
    elsif exists (select from operation o where o.merchant_id = m and o.id = e.id) then
      -- By this very call, when its answer was lost.
      became := case when exists (select from operation o where o.merchant_id = m and o.id = e.id and o.till_id = p_till and o.happened_at = p_happened_at)
        then 'given' else 'known' end;
    else
      begin
        perform post(
          e.id, 'gift', p_till, p_shift, p_operator, p_approver, e.member_id, v_version, p_business_on, p_happened_at, null,
          0, false, null, null, null, null, null, null, '{}', '{}', '{}', '{}', '{}', '{}', null, null, e.extras, e.document, decode(e.request_hash, 'hex'));
        became := 'given';
        v_given := v_given + 1;
      exception when sqlstate 'GT022' then
        became := 'none_left';
      end;
    end if;
    return next;
  end loop;
  if v_given > 0 then
    insert into coupon_batch as b (merchant_id, id, rule_id, rule_version, staff_id, approver_id, till_id, business_on, at, segment, reason, given)
      values (m, (p_batch ->> 'id')::uuid, (p_batch ->> 'rule_id')::int, (p_batch ->> 'version')::int, p_operator, p_approver, p_till, p_business_on,
              p_happened_at, p_batch -> 'segment', p_batch ->> 'reason', v_given)
    on conflict on constraint coupon_batch_pkey do update set given = b.given + excluded.given;
  end if;
end $$;

-- What dry runs are made on: the top-ups of some business days that were not taken back, with what each got.
create function past_top_ups(p_from date, p_to date, p_limit int)
returns table (id uuid, at timestamptz, store_id int, member text, level_id int, amount bigint, bonus bigint, points bigint, coupons bigint, packages bigint)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select o.id, o.happened_at, o.store_id, b.name, coalesce(c.level_id, h.level_id), (o.document ->> 'amount')::bigint,
         coalesce((o.document ->> 'bonus')::bigint, 0)
           + (select coalesce(sum((i ->> 'bonus')::bigint), 0)::bigint from jsonb_array_elements(coalesce(o.extras -> 'instalments', '[]')) i),
         coalesce((o.document ->> 'points')::bigint, 0),
         (select count(*) from jsonb_array_elements(coalesce(o.extras -> 'grants', '[]')) g where g ->> 'kind' <> 'package'),
         (select count(distinct g ->> 'rule_id') from jsonb_array_elements(coalesce(o.extras -> 'grants', '[]')) g where g ->> 'kind' = 'package')
  from shift s
  join operation o on o.merchant_id = s.merchant_id and o.till_id = s.till_id
    and o.seq between s.first_seq and coalesce(s.last_seq, 9223372036854775807) and o.shift_id = s.id
  join member b on b.merchant_id = o.merchant_id and b.id = o.member_id
  join holding h on h.merchant_id = o.merchant_id and h.member_id = o.member_id
  left join lateral (
    select x.from_level_id as level_id from operation n
      join level_change x on x.merchant_id = n.merchant_id and x.operation_id = n.id
     where n.merchant_id = o.merchant_id and n.member_id = o.member_id and n.version_after >= o.version_after and n.level_id is not null
     order by n.version_after limit 1) c on true
  where s.merchant_id = (select seat_merchant()) and s.business_on between p_from and p_to and o.kind = 'top_up' and not o.document ? 'card'
    and not exists (select from operation r where r.merchant_id = o.merchant_id and r.about_id = o.id and r.kind = 'top_up_reversal')
  order by o.happened_at desc, o.id
  limit p_limit
$$;

-- Whose occasion for a gift it was on these days, whether or not she came; p_on in the shape of the domain's type Event.
create function past_occasions(p_on jsonb, p_from date, p_to date, p_limit int) returns table (member text, day date, level_id int)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
  m int := seat_merchant();
  v_days int := coalesce((p_on #>> '{newcomer,days}')::int, (p_on #>> '{referrer,days}')::int);
begin
  if p_on = '"welcome"' then
    return query
      select t.name, t.joined_on, h.level_id from member t join holding h on h.merchant_id = m and h.member_id = t.id
       where t.merchant_id = m and t.joined_on between p_from and p_to and not t.is_bearer and t.merged_into is null and t.erased_at is null
       order by t.joined_on desc, t.id limit p_limit;
  elsif p_on ? 'birthday' then
    return query
      select t.name, k.day, h.level_id from member t join holding h on h.merchant_id = m and h.member_id = t.id
        cross join lateral (select kept_in(y, t.birth_month, t.birth_day) as day from generate_series(extract(year from p_from)::int, extract(year from p_to)::int) y) k
       where t.merchant_id = m and t.birth_month is not null and t.birth_day is not null and not t.is_bearer and t.merged_into is null and t.erased_at is null
         and k.day between p_from and p_to
       order by k.day desc, t.id limit p_limit;
  elsif p_on ? 'level' then
    return query
      select t.name, o.business_on, c.to_level_id from level_change c
        join operation o on o.merchant_id = m and o.id = c.operation_id
        join member t on t.merchant_id = m and t.id = c.member_id
        join level f on f.merchant_id = m and f.id = c.from_level_id
        join level n on n.merchant_id = m and n.id = c.to_level_id
       where c.merchant_id = m and c.to_level_id = (p_on #>> '{level,level_id}')::int and f.rank < n.rank and o.business_on between p_from and p_to
       order by o.business_on desc, t.id limit p_limit;
  elsif v_days is not null then
    return query
      select t.name, x.day, h.level_id from referral r
        join member t on t.merchant_id = m and t.id = case when p_on ? 'newcomer' then r.member_id else r.referrer_id end
        join holding h on h.merchant_id = m and h.member_id = t.id
        cross join lateral (select first_top_up(m, r.member_id) + v_days as day) x
       where r.merchant_id = m and x.day between p_from and p_to
       order by x.day desc, t.id limit p_limit;
  end if;
end $$;

-- Children whose birthday by the solar calendar is within these days, and all whose is by the Chinese one: that is the console's
-- to compute.
create function past_children(p_from date, p_to date, p_limit int) returns table (member text, born jsonb, level_id int)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select t.name, jsonb_build_object('year', b.birth_year, 'month', b.birth_month, 'day', b.birth_day, 'calendar', b.calendar), h.level_id
    from beneficiary b
    join member t on t.merchant_id = b.merchant_id and t.id = b.member_id and t.merged_into is null and t.erased_at is null
    join holding h on h.merchant_id = t.merchant_id and h.member_id = t.id
   where b.merchant_id = seat_merchant() and b.relation = 'child' and b.birth_month is not null
     and (b.calendar <> 'solar' or exists (
       select from generate_series(extract(year from p_from)::int, extract(year from p_to)::int) y
        where kept_in(y, b.birth_month, b.birth_day) between p_from and p_to))
   order by t.id, b.id limit p_limit
$$;

grant select on coupon_batch to guitai_app;
grant execute on function segment_facts, post_segment, past_top_ups, past_occasions, past_children to guitai_app;

reset role;
