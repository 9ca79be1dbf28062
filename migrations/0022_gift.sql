-- Gifts by rule: welcome, birthday, level, referral (MB2, LV2, OR6), and what a top-up brings besides money (SV4).

set role guitai_ledger;

-- The claims of an operation are among what these benefits give: no more coupons of a rule, no more services of a package,
-- all of them for nothing. What the shop has no more of may be missing.
create function refuse_other_benefits(m int, o operation, p_benefits jsonb) returns void
language plpgsql
as $$
begin
  if exists (
    select from (
      select g.rule_id, count(*) as count from jsonb_to_recordset(o.extras -> 'grants') as g (kind text, rule_id int) where g.kind <> 'package' group by 1) g
     where g.count > (select coalesce(sum((b ->> 'count')::bigint), 0) from jsonb_array_elements(p_benefits) b
        where b ->> 'kind' = 'coupon' and (b ->> 'rule_id')::int = g.rule_id)
  ) or exists (
    select from (
      select g.rule_id, g.product_id, g.quantity, count(*) as count, bool_or(g.value <> 0) as paid
        from jsonb_to_recordset(o.extras -> 'grants') as g (kind text, rule_id int, product_id int, quantity bigint, value bigint)
       where g.kind = 'package' group by 1, 2, 3) g
     where g.paid or g.count > (
       select count(*) from jsonb_array_elements(p_benefits) b
         join product p on p.merchant_id = m and p.id = (b ->> 'product_id')::int and p.active and p.package is not null
         cross join lateral jsonb_to_recordset(p.package -> 'items') as i (product_id int, quantity bigint)
        where b ->> 'kind' = 'package' and p.id = g.rule_id and i.product_id = g.product_id and i.quantity is not distinct from g.quantity)
  ) then
    raise exception 'claims are not what the rule gives: %', p_benefits using errcode = 'GT001';
  end if;
end $$;

-- A gift that a rule gives is the newest version's, hers today, and never given before, under any of her names. One by hand is
-- coupons and nothing else.
create function refuse_other_gift(m int, p_id uuid) returns void
language plpgsql
as $$
declare
  o operation%rowtype;
  r gift_rule%rowtype;
  t member%rowtype;
  v_key text;
  v_seen jsonb;
  v_bonus bigint;
  v_level int;
begin
  select * into o from operation where merchant_id = m and id = p_id;
  if not o.document ? 'gift' then
    if o.accounts <> '{}' or o.lots <> '{}' or o.level_id is not null or not coalesce(o.extras ? 'grants', false) then
      raise exception 'by hand only coupons are given' using errcode = 'GT004';
    end if;
    return;
  end if;
  v_key := o.document #>> '{gift,key}';
  select * into r from gift_rule where merchant_id = m and id = (o.document #>> '{gift,rule,id}')::int order by version desc limit 1;
  if r.id is null or not r.active or r.version::text is distinct from o.document #>> '{gift,rule,version}' then
    raise exception 'gift rule % is another by now', o.document -> 'gift' using errcode = 'GT001';
  end if;
  if o.lots = '{}' and o.level_id is null and not coalesce(o.extras ? 'grants', false) then
    raise exception 'gift % gives nothing', o.document -> 'gift' using errcode = 'GT004';
  end if;
  select * into t from member where merchant_id = m and id = o.member_id;
  if t.is_bearer then
    raise exception 'gift card % is nobody', t.id using errcode = 'GT004';
  end if;
  v_level := (select h.level_id from holding h where h.merchant_id = m and h.member_id = t.id);
  v_seen := occasions(m, t.id, array[t.id] || t.absorbed, v_level);
  if v_seen -> 'given' @> jsonb_build_array(jsonb_build_array(r.id, v_key)) then
    raise exception 'gift % was given', o.document -> 'gift' using errcode = 'GT001';
  end if;
  if (o.business_on between coalesce((r.body #>> '{when,from}')::date, o.business_on) and coalesce((r.body #>> '{when,until}')::date, o.business_on)
      and (coalesce(r.body #> '{who,stores}', '[]') = '[]' or r.body #> '{who,stores}' @> to_jsonb(o.store_id))
      and (coalesce(r.body #> '{who,levels}', '[]') = '[]' or r.body #> '{who,levels}' @> to_jsonb(coalesce(
        (select c.from_level_id from level_change c where c.merchant_id = m and c.operation_id = o.id), v_level)))) is not true then
    raise exception 'gift rule % is not for her, or not here, or not now', r.id using errcode = 'GT001';
  end if;
  if (case
    when r.body -> 'on' = '"welcome"' then v_key = 'welcome' and t.joined_on >= r.since
    when r.body -> 'on' ? 'birthday' then v_key ~ '^birthday [0-9]{4}$'
      and kept_in(substr(v_key, 10)::int, t.birth_month, t.birth_day) - o.business_on between - (r.body #>> '{on,birthday,after}')::int and (r.body #>> '{on,birthday,before}')::int
    when r.body -> 'on' ? 'child' then child_birthday_near(m, t.id, r, v_key, o.business_on)
      -- A year brings no more gifts than there are children.
      and (select count(*) from gift_given g where g.merchant_id = m and g.member_id = any (array[t.id] || t.absorbed) and g.rule_id = r.id
             and starts_with(g.key, left(v_key, 11)))
        < (select count(*) from beneficiary b where b.merchant_id = m and b.member_id = t.id and b.relation = 'child' and b.birth_month is not null)
    when r.body -> 'on' ? 'level' then v_key = 'level ' || (r.body #>> '{on,level,level_id}')
      and exists (select from holding h where h.merchant_id = m and h.member_id = t.id and h.level_id = (r.body #>> '{on,level,level_id}')::int)
      and (v_seen ->> 'level_on')::date >= r.since
    when r.body -> 'on' ? 'newcomer' then v_key = 'newcomer'
      and (v_seen #>> '{brought_by,topped_up_on}')::date + (r.body #>> '{on,newcomer,days}')::int <= o.business_on
    when r.body -> 'on' ? 'referrer' then exists (
      select from jsonb_to_recordset(v_seen -> 'brought') as b (member_id bigint, topped_up_on date)
       where v_key = 'referrer ' || b.member_id and b.topped_up_on + (r.body #>> '{on,referrer,days}')::int <= o.business_on)
  end) is not true then
    raise exception 'gift % is not hers', o.document -> 'gift' using errcode = 'GT001';
  end if;
  select coalesce(sum(x), 0) into v_bonus from unnest(o.bonuses) x;
  v_bonus := v_bonus + (select coalesce(sum((i ->> 'bonus')::bigint), 0) from jsonb_array_elements(coalesce(o.extras -> 'instalments', '[]')) i);
  if v_bonus <> (select coalesce(sum((b ->> 'fen')::bigint), 0) from jsonb_array_elements(r.body -> 'gives') b where b ->> 'kind' = 'bonus')
     or (select coalesce(sum(x), 0) from unnest(o.points) x)
       <> (select coalesce(sum((b ->> 'points')::bigint), 0) from jsonb_array_elements(r.body -> 'gives') b where b ->> 'kind' = 'points')
     or (o.level_id is not null and not r.body -> 'gives' @> jsonb_build_array(jsonb_build_object('kind', 'level', 'level_id', o.level_id))) then
    raise exception 'not what gift rule % gives', r.id using errcode = 'GT004';
  end if;
  perform refuse_other_benefits(m, o, r.body -> 'gives');
  insert into gift_given (merchant_id, member_id, rule_id, key, operation_id) values (m, o.member_id, r.id, v_key, o.id);
end $$;

-- Whether a gift's key names the birthday of a child on her card that is near: `child 2026 solar 06-01 1`, the last for the second
-- of twins. The days of the Chinese calendar are the till's to compute; the database keeps them to the weeks they can fall in:
-- its year begins between 21 January and 21 February, a month has 29 or 30 days, and there may be a leap month.
create function child_birthday_near(m int, p_member bigint, r gift_rule, p_key text, p_today date) returns boolean
language plpgsql stable
as $$
declare
  k text[] := regexp_match(p_key, '^child ([0-9]{4}) (solar|lunar|lunar_leap) ([0-9]{2})-([0-9]{2}) ([0-9]{1,2})$');
  v_first date;
  v_last date;
begin
  if k is null or k[1]::int not between extract(year from p_today)::int - 1 and extract(year from p_today)::int + 1
     or k[5]::int < 1 or (select count(*) from beneficiary b where b.merchant_id = m and b.member_id = p_member and b.relation = 'child'
       and b.calendar::text = k[2] and b.birth_month = k[3]::int and b.birth_day = k[4]::int) < k[5]::int then
    return false;
  end if;
  if k[2] = 'solar' then
    v_first := kept_in(k[1]::int, k[3]::int, k[4]::int);
    v_last := v_first;
  else
    v_first := make_date(k[1]::int, 1, 21) + (k[3]::int - 1) * 29 + k[4]::int - 2;
    v_last := make_date(k[1]::int, 2, 21) + k[3]::int * 30 + k[4]::int - 1;
  end if;
  return p_today between v_first - (r.body #>> '{on,child,before}')::int and v_last + (r.body #>> '{on,child,after}')::int;
end $$;

-- The day in a year on which a birthday is kept: 29 February on the 28th in common years (MB6).
create function kept_in(p_year int, p_month int, p_day int) returns date
language sql immutable
as $$
  select case when p_month = 2 and p_day = 29 and extract(day from make_date(p_year, 3, 1) - 1) = 28 then make_date(p_year, 2, 28)
              else make_date(p_year, p_month, p_day) end
$$;

-- The claims that come with a top-up are what its rule says, or the stage of a contract that it pays (SV5).
create function refuse_other_load(m int, o operation) returns void
language plpgsql
as $$
begin
  if o.document ? 'contract' then
    perform refuse_other_benefits(m, o, coalesce(stage_of(m, o) -> 'gives', '[]'));
    return;
  end if;
  perform refuse_other_benefits(m, o, coalesce((
    select r.benefits from jsonb_to_recordset(o.new_lots) as n (kind text, rule_id int, rule_version int)
      join top_up_rule r on r.merchant_id = m and r.id = n.rule_id and r.version = n.rule_version
     where n.kind = 'stored_value' limit 1), '[]'));
end $$;

reset role;
