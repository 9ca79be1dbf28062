-- Services paid for beforehand: sold in packages, used one by one (PK1, PK2, PK4).

set role guitai_ledger;

-- The claims an operation opens and moves. They come with the operation, whole: nobody else writes them. What
-- they are worth is what it posts to unearned, a package that is sold is the one the shop sells now, and a use is on the
-- receipt.
create function post_grants(m int, p_id uuid) returns void
language plpgsql
as $$
declare
  o operation%rowtype;
  x record;
  v_value bigint;
begin
  select * into o from operation where merchant_id = m and id = p_id;
  if o.kind in ('transfer_out', 'transfer_in') then
    perform transfer_grants(m, o);
    return;
  end if;
  if o.kind not in ('sale', 'refund', 'redemption', 'redemption_reversal', 'settlement', 'gift', 'exchange', 'exchange_reversal', 'top_up', 'top_up_reversal', 'lapse',
       'deposit', 'deposit_reversal', 'forfeit')
     or (o.member_id is null and o.kind not in ('sale', 'refund'))
     or (o.extras ? 'grants' and o.kind not in ('sale', 'gift', 'exchange', 'top_up', 'deposit'))
     or (o.kind = 'deposit') <> (coalesce(o.extras -> 'grants', '[]') @? '$[*] ? (@.kind == "deposit")') then
    raise exception 'a % does not move claims', o.kind using errcode = 'GT004';
  end if;
  if o.extras ? 'grants' then
    if o.kind = 'sale' then
      perform refuse_other_package(m, o);
      perform refuse_other_terms(m, o);
    end if;
    insert into member_grant (merchant_id, id, member_id, kind, operation_id, no, opened_at, store_id, product_id, rule_id, quantity, value, expires_on, terms)
      select m, g.id, case when g.bearer is not true then o.member_id end, g.kind, o.id, g.no, o.happened_at, o.store_id, g.product_id, g.rule_id,
             g.quantity, g.value, g.expires_on, g.terms
      from jsonb_to_recordset(o.extras -> 'grants')
        as g (id uuid, kind grant_kind, no smallint, product_id int, rule_id int, quantity bigint, value bigint, expires_on date, terms jsonb, bearer boolean);
    perform refuse_other_coupons(m, o);
    if o.kind = 'top_up' then
      perform refuse_other_load(m, o);
    end if;
  end if;
  for x in select * from jsonb_to_recordset(o.extras -> 'moves') as t (grant_id uuid, quantity bigint, value bigint, until date) loop
    if exists (select from member_grant g where g.merchant_id = m and g.id = x.grant_id and g.kind = 'deposit') then
      perform move_deposit(m, o, x.grant_id, x.quantity, x.value);
    elsif o.kind in ('sale', 'refund') and exists (select from member_grant g where g.merchant_id = m and g.id = x.grant_id and g.kind = 'coupon') then
      perform move_coupon(m, o, x.grant_id, x.quantity, x.value, x.until);
    else
      perform move_grant(m, o, x.grant_id, x.quantity, x.value);
    end if;
  end loop;
  select coalesce(sum(t.value), 0) into v_value
    from (select g.value from jsonb_to_recordset(o.extras -> 'grants') as g (value bigint)
          union all select g.value from jsonb_to_recordset(o.extras -> 'moves') as g (value bigint)) t;
  if v_value <> (select coalesce(sum(a.amount), 0) from unnest(o.accounts, o.amounts) as a (account, amount) where a.account = 'unearned') then
    raise exception 'claims of % fen are not what is posted', v_value using errcode = 'GT004';
  end if;
  perform refuse_other_uses(m, o);
  perform refuse_other_orders(m, o);
  if o.kind = 'sale' then
    perform refuse_coupons(m, o);
  end if;
end $$;

-- One claim, moved. Nothing below zero is the column's own rule; a use past its last day needs the right to set prices,
-- or somebody who has it; a return takes back what is whole; the first use begins the validity.
create function move_grant(m int, o operation, p_grant uuid, p_quantity bigint, p_value bigint) returns void
language plpgsql
as $$
declare
  g member_grant%rowtype;
  v_first date;
  v_last date;
begin
  select * into g from member_grant where merchant_id = m and id = p_grant and member_id = o.member_id for update;
  if not found or (o.kind in ('refund', 'exchange_reversal') and (g.operation_id <> o.about_id or coalesce(g.quantity, 0) + p_quantity <> 0 or g.value + p_value <> 0 or g.used_on is not null))
     or (o.kind = 'settlement' and (coalesce(g.quantity, 0) + p_quantity <> 0 or g.value + p_value <> 0))
     or o.kind not in ('refund', 'settlement', 'redemption', 'redemption_reversal', 'exchange_reversal', 'top_up_reversal', 'lapse')
     or (o.kind = 'exchange_reversal' and (g.operation_id <> o.about_id or coalesce(g.quantity, 0) + p_quantity <> 0 or g.used_on is not null))
     or (o.kind = 'top_up_reversal' and (g.operation_id <> o.about_id or coalesce(g.quantity, 0) + p_quantity <> 0 or p_value <> 0))
     or (o.kind = 'lapse' and not (p_quantity = 0 and p_value < 0 and g.value + p_value = 0 and g.quantity is null and coalesce(g.expires_on < o.business_on, false)))
     or (o.kind = 'redemption' and (g.kind in ('coupon', 'multiplier') or p_quantity >= 0 or p_value > 0)) or (o.kind = 'redemption_reversal' and (p_quantity <= 0 or p_value < 0)) then
    raise exception 'a claim of member % is missing or short', o.member_id using errcode = 'GT001';
  end if;
  if o.kind = 'redemption' and (g.expires_on < o.business_on or (g.kind = 'entitlement' and not (
       promotion_holds(g.terms -> 'coupon', o.happened_at)
       and (coalesce(g.terms #> '{coupon,who,stores}', '[]') = '[]' or g.terms #> '{coupon,who,stores}' @> to_jsonb(o.store_id)))))
     and o.approver_id is null and not exists (
    select from staff s join role_limit r on r.merchant_id = s.merchant_id and r.role = s.role
     where s.merchant_id = m and s.id = o.operator_id and s.active and r.price_override
  ) then
    raise exception 'claim % is past its last day', p_grant using errcode = 'GT006';
  end if;
  -- PK1: others are served only where that was sold.
  if o.kind = 'redemption' and o.document ->> 'whom' is not null and g.terms -> 'may_share' is distinct from 'true' then
    raise exception 'claim % is for the holder alone', p_grant using errcode = 'GT032';
  end if;
  -- A claim that was settled, or earned to its end, is done with.
  if o.kind = 'redemption_reversal' and exists (
    select from operation k where k.merchant_id = m and k.member_id = any (array[o.member_id] || g.held_by) and k.kind in ('settlement', 'lapse')
       and k.extras -> 'moves' @> jsonb_build_array(jsonb_build_object('grant_id', p_grant))
  ) then
    raise exception 'claim % was settled', p_grant using errcode = 'GT007';
  end if;
  if o.kind = 'redemption' then
    v_last := greatest(g.used_on, o.business_on);
  elsif o.kind = 'lapse' then
    v_last := g.used_on;
  elsif o.kind in ('redemption_reversal', 'settlement') then
    select d.first_on, d.last_on into v_first, v_last from grant_days(m, o.member_id, p_grant) d;
  end if;
  update member_grant
     set quantity = case when o.kind in ('refund', 'settlement', 'exchange_reversal', 'top_up_reversal') then 0 else quantity + p_quantity end,
         value = value + p_value,
         used_on = v_last,
         expires_on = case
           when terms ->> 'valid_days' is null or o.kind = 'lapse' then expires_on
           -- A till whose day is still the one before may be later in the books.
           when o.kind = 'redemption' then least(expires_on, o.business_on + (terms ->> 'valid_days')::int)
           else v_first + (terms ->> 'valid_days')::int end
   where merchant_id = m and id = p_grant;
  if g.quantity + p_quantity = 0 and g.value + p_value <> 0 then
    raise exception 'claim % is used up and worth % fen', p_grant, g.value + p_value using errcode = 'GT004';
  end if;
end $$;

-- The first and the last day on which a claim was used and the use was not taken back.
create function grant_days(m int, p_member bigint, p_grant uuid) returns table (first_on date, last_on date)
language sql stable
as $$
  select min(r.business_on), max(r.business_on) from operation r
   where r.merchant_id = m and r.kind = 'redemption'
     and r.member_id = any ((select array[p_member, g.member_id] || g.held_by from member_grant g where g.merchant_id = m and g.id = p_grant)::bigint[])
     and r.extras -> 'moves' @> jsonb_build_array(jsonb_build_object('grant_id', p_grant))
     and not exists (select from operation u where u.merchant_id = m and u.about_id = r.id and u.kind = 'redemption_reversal')
$$;

-- PK1: who buys a package gets what the shop sells, all of it and no more.
create function refuse_other_package(m int, o operation) returns void
language plpgsql
as $$
begin
  if exists (
    select from sale_line l left join product p on p.merchant_id = m and p.id = l.product_id
     where l.merchant_id = m and l.operation_id = o.id and l.package is not null
       and (p.package is not null and l.package @> p.package
            and jsonb_array_length(l.package -> 'items') = jsonb_array_length(p.package -> 'items')) is not true
  ) then
    raise exception 'a package that is sold has changed' using errcode = 'GT021';
  end if;
  if exists (
    (select l.no, i.product_id, i.quantity
       from sale_line l cross join lateral jsonb_to_recordset(l.package -> 'items') as i (product_id int, quantity bigint)
      where l.merchant_id = m and l.operation_id = o.id
     except all
     select g.no, g.product_id, g.quantity from jsonb_to_recordset(o.extras -> 'grants') as g (no bigint, product_id int, quantity bigint, kind text)
      where g.kind = 'package')
    union all
    (select g.no, g.product_id, g.quantity from jsonb_to_recordset(o.extras -> 'grants') as g (no bigint, product_id int, quantity bigint, kind text)
      where g.kind = 'package'
     except all
     select l.no, i.product_id, i.quantity
       from sale_line l cross join lateral jsonb_to_recordset(l.package -> 'items') as i (product_id int, quantity bigint)
      where l.merchant_id = m and l.operation_id = o.id)
  ) then
    raise exception 'claims are not what the packages hold' using errcode = 'GT004';
  end if;
  if exists (
    select from sale_line l
     where l.merchant_id = m and l.operation_id = o.id and l.package is not null
       and l.net <> (select coalesce(sum(g.value), 0) from jsonb_to_recordset(o.extras -> 'grants') as g (no bigint, value bigint) where g.no = l.no)
  ) then
    raise exception 'claims are not what was paid for the package' using errcode = 'GT004';
  end if;
end $$;

-- PK2, LG3: the lines of a redemption are what it takes, and its reversal is its opposite.
create function refuse_other_uses(m int, o operation) returns void
language plpgsql
as $$
begin
  if o.kind = 'redemption' and exists (
    (select l.product_id, sum(l.quantity), sum(l.prepaid) from sale_line l where l.merchant_id = m and l.operation_id = o.id group by 1)
    except
    (select g.product_id, - sum(t.quantity), - sum(t.value)
       from jsonb_to_recordset(o.extras -> 'moves') as t (grant_id uuid, quantity bigint, value bigint)
       join member_grant g on g.merchant_id = m and g.id = t.grant_id group by 1)
  ) then
    raise exception 'the receipt is not what is taken' using errcode = 'GT004';
  end if;
  if o.kind = 'redemption' and (select sum(l.net) from sale_line l where l.merchant_id = m and l.operation_id = o.id)
     is distinct from (select coalesce(sum(a.amount), 0) from unnest(o.accounts, o.amounts) as a (account, amount) where a.account = 'revenue') then
    raise exception 'the receipt is not what is earned' using errcode = 'GT004';
  end if;
  if o.kind = 'redemption_reversal' and exists (
    select t.grant_id, sum(t.quantity), sum(t.value)
      from operation k cross join lateral jsonb_to_recordset(k.extras -> 'moves') as t (grant_id uuid, quantity bigint, value bigint)
     where k.merchant_id = m and (k.id = o.id or (k.id = o.about_id and k.kind = 'redemption'))
     group by 1 having sum(t.quantity) <> 0 or sum(t.value) <> 0
  ) then
    raise exception 'not the opposite of what was used' using errcode = 'GT007';
  end if;
end $$;

-- A posted redemption: what its reversal is planned on.
create function read_redemption(p_id uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select jsonb_build_object(
    'id', o.id, 'seq', o.seq, 'at', o.happened_at, 'shift_id', o.shift_id, 'member_id', survivor(o.merchant_id, o.member_id),
    'lines', o.lines, 'moves', o.extras -> 'moves', 'amount', (o.document ->> 'amount')::bigint,
    'paid', coalesce((select jsonb_agg(jsonb_build_object('account', p.account, 'lot_id', p.lot_id, 'amount', p.amount)) from posting p
        where p.merchant_id = o.merchant_id and p.operation_id = o.id and p.account in ('principal', 'bonus')), '[]'),
    'points', coalesce((select sum(p.amount) from posting p where p.merchant_id = o.merchant_id and p.operation_id = o.id and p.account = 'points'), 0),
    'points_lots', coalesce((select jsonb_agg(distinct p.lot_id) from posting p
        where p.merchant_id = o.merchant_id and p.operation_id = o.id and p.account = 'points'), '[]'),
    'is_reversed', exists (select from operation k where k.merchant_id = o.merchant_id and k.about_id = o.id and k.kind = 'redemption_reversal'))
  from operation o
  where o.merchant_id = (select seat_merchant()) and o.id = p_id and o.kind = 'redemption'
$$;

grant execute on function read_redemption to guitai_app;
-- verify computes the days again.
grant execute on function grant_days to guitai_app;

reset role;
