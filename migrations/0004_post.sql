-- Posting: the one door through which the ledger grows. One call is one operation with its postings,
-- lots and document lines, in one round trip and one transaction.
--
-- Refusals carry a code of their own: GT001 stale plan, GT002 id used for something else, GT003 this
-- login has no seat, GT004 postings do not balance, GT005 shift not open here, GT006 approval missing,
-- GT007 more returned than there was, GT008 no such operation, GT017 not yet expired, GT018 not a sale to attach, GT020 known id,
-- GT021 the package that is sold has changed, GT022 no more of these coupons, GT026 a reward cannot give this, GT030 not to be given
-- away, GT031 not whole any more, GT032 not shared, GT035 more is kept than may be, GT040 a guardian's consent is missing, GT041
-- too many beneficiaries, GT060 not the last stage, GT061 a contract that is over.

set role guitai_ledger;

-- The functions that post() calls run with its rights and its search path; nobody else may call them.

-- What an operation's hash covers besides the hash before it (LG6): the time in microseconds, then the rest as text. The
-- day is a number, so that no setting of a session changes it. No part but the last four holds a bar, and those are
-- whole JSON values or nothing: two operations never have the same content.
create function operation_content(
  p_store int, p_till int, p_seq bigint, p_id uuid, p_kind operation_kind, p_shift uuid, p_operator int, p_approver int,
  p_member bigint, p_business_on date, p_happened_at timestamptz, p_about uuid, p_spend bigint, p_visit boolean, p_level int,
  p_accounts account[], p_amounts bigint[], p_lots uuid[], p_principals bigint[], p_bonuses bigint[], p_points bigint[],
  p_lines jsonb, p_new_lots jsonb, p_extras jsonb, p_document jsonb, p_request_hash bytea
) returns bytea
language sql stable
as $$
  -- Written so that it becomes part of the statement that calls it, with few steps: like types beside each other.
  select timestamptz_send(p_happened_at) || convert_to(format('%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s',
    p_store, p_till, p_operator, p_approver, p_level, p_business_on - date '2000-01-01', p_seq, p_member, p_spend,
    p_id, p_shift, p_about, p_lots, p_amounts, p_principals, p_bonuses, p_points, p_kind, p_accounts, p_visit,
    encode(p_request_hash, 'hex'), p_lines, p_new_lots, p_extras, p_document), 'UTF8')
$$;

-- The next hash of a till's chain.
create function chain_hash(p_head bytea, p_content bytea) returns bytea
language sql stable
as $$ select sha256(p_head || p_content) $$;

-- Side effects that most operations do not have: new lots, promised instalments, returned lines,
-- a cancelled promise. Kept out of the common path.
create function post_extras(
  m int, p_id uuid, p_kind operation_kind, p_business_on date, p_operator int, p_approver int, p_till int,
  p_member bigint, p_happened_at timestamptz, p_about uuid, p_from_level int, p_level int, p_extras jsonb
) returns void
language plpgsql
as $$
declare
  v_role staff_role;
begin
  if p_approver is not null then
    if p_approver = p_operator then
      raise exception 'nobody approves her own' using errcode = '23514', constraint = 'approval_maker_checker';
    end if;
    select role into v_role from staff where merchant_id = m and id = p_approver and active;
    if v_role is null or v_role = 'cashier' then
      raise exception 'approver has no right to approve' using errcode = 'GT006';
    end if;
    insert into approval values (m, p_id, p_approver, p_operator, p_till, p_happened_at);
  end if;
  if p_level is not null then
    insert into level_change values (m, p_id, p_member, p_from_level, p_level);
  end if;
  if p_kind = 'top_up_reversal' then
    update instalment set cancelled_by = p_id
     where merchant_id = m and operation_id = p_about and released_by is null and cancelled_by is null;
    perform reopen_stage(m, p_id, p_about);
  end if;
  if p_extras is null then
    return;
  end if;
  if p_extras ?| '{grants,moves}' then
    perform post_grants(m, p_id);
  end if;
  insert into instalment (merchant_id, operation_id, no, member_id, lot_id, due_on, bonus, valid_days)
    select m, p_id, i.no, p_member, i.lot_id, i.due_on, i.bonus, i.valid_days
    from jsonb_to_recordset(p_extras -> 'instalments') as i (no smallint, lot_id uuid, due_on date, bonus bigint, valid_days int);
  if p_extras ? 'release' then
    update instalment set released_by = p_id
     where merchant_id = m and operation_id = p_about and no = (p_extras ->> 'release')::smallint and member_id = p_member
       and released_by is null and cancelled_by is null and due_on <= p_business_on
       and bonus = (select sum(amount) from posting p where p.merchant_id = m and p.operation_id = p_id and p.account = 'bonus');
    if not found then
      raise exception 'instalment is not open' using errcode = 'GT001';
    end if;
  end if;
  if p_extras ? 'returned' then
    insert into returned as r (merchant_id, operation_id, no, quantity_sold, net_sold, quantity, net)
      select m, p_about, x.no, l.quantity, l.net, x.quantity, x.net
      from jsonb_to_recordset(p_extras -> 'returned') as x (no smallint, quantity bigint, net bigint)
      join sale_line l on l.merchant_id = m and l.operation_id = p_about and l.no = x.no
      order by x.no
    on conflict on constraint returned_pkey
      do update set quantity = r.quantity + excluded.quantity, net = r.net + excluded.net;
    -- Whoever gives a package back keeps nothing of it.
    if exists (
      select from jsonb_to_recordset(p_extras -> 'returned') as x (no smallint)
        join member_grant g on g.merchant_id = m and g.operation_id = p_about and g.no = x.no and g.quantity is distinct from 0
    ) then
      raise exception 'a package is not given up whole' using errcode = 'GT004';
    end if;
  end if;
end $$;

-- LG3 for money: over an operation, what was paid out on it and all that reverses it, no account and no
-- lot changes its sign. Points are left out: they may run into debt (PT6). What is not yet earned is looked at claim by
-- claim, by its units: one sale may open some and use others up.
create function refuse_over_return(m int, p_about uuid) returns void
language plpgsql
as $$
declare
  v record;
begin
  select p.account, p.lot_id into v
    from operation o join posting p on p.merchant_id = o.merchant_id and p.operation_id = o.id
   where o.merchant_id = m and (o.id = p_about or o.about_id = p_about) and p.account not in ('points', 'points_granted', 'points_spent', 'unearned')
   group by p.account, p.lot_id
  having sum(p.amount) * coalesce(sum(p.amount) filter (where o.kind not in ('refund', 'top_up_reversal', 'deposit_reversal')), 0) < 0
      or (count(*) filter (where o.kind not in ('refund', 'top_up_reversal', 'deposit_reversal')) = 0 and sum(p.amount) <> 0)
   limit 1;
  if found then
    raise exception 'more returned than there was: % %', v.account, v.lot_id using errcode = 'GT007';
  end if;
  perform refuse_points_returned(m, p_about);
end $$;

-- What an operation of a kind may post to: stored value comes in by a top-up only and goes out by a sale or beside a redemption.
create function refuse_misfit(
  p_kind operation_kind, p_accounts account[], p_principal bigint, p_bonus bigint, p_points bigint, p_lines jsonb, p_extras jsonb
) returns void
language plpgsql
as $$
begin
  if not (case p_kind
    when 'sale' then p_principal <= 0 and p_bonus <= 0 and p_accounts <@ '{revenue,discount,rounding,unearned,cash,wechat,alipay,bank_card}'
    when 'refund' then p_principal >= 0 and p_bonus >= 0 and p_accounts <@ '{revenue,discount,rounding,unearned,cash,wechat,alipay,bank_card}'
    when 'redemption' then p_principal <= 0 and p_bonus <= 0 and p_accounts <@ '{unearned,revenue}'
    when 'redemption_reversal' then p_principal >= 0 and p_bonus >= 0 and p_accounts <@ '{unearned,revenue}'
    when 'settlement' then p_principal <= 0 and p_bonus <= 0 and p_points = 0
      and p_accounts <@ '{unearned,breakage,bonus_expired,cash,wechat,alipay,bank_card}'
    when 'gift' then p_principal = 0 and p_bonus >= 0 and p_points >= 0 and p_accounts <@ '{bonus_granted}'
    when 'deposit' then p_principal = 0 and p_bonus = 0 and p_points = 0 and p_accounts <@ '{unearned,cash,wechat,alipay,bank_card}'
    when 'deposit_reversal' then p_principal = 0 and p_bonus = 0 and p_points = 0 and p_accounts <@ '{unearned,cash,wechat,alipay,bank_card}'
    when 'forfeit' then p_principal = 0 and p_bonus = 0 and p_points = 0 and p_accounts <@ '{unearned,breakage,cash,wechat,alipay,bank_card}'
    when 'lapse' then p_principal = 0 and p_bonus = 0 and p_points = 0 and p_accounts = '{unearned,revenue}'
    when 'exchange' then p_principal = 0 and p_bonus = 0 and p_points < 0 and p_accounts <@ '{revenue,discount}'
    when 'exchange_reversal' then p_principal = 0 and p_bonus = 0 and p_points > 0 and p_accounts <@ '{revenue,discount}'
    when 'check_in' then p_principal = 0 and p_bonus = 0 and p_points > 0 and p_accounts = '{}'
    when 'top_up' then p_accounts <@ '{cash,wechat,alipay,bank_card,bonus_granted}'
    when 'top_up_reversal' then p_principal <= 0 and p_bonus <= 0 and p_accounts <@ '{cash,wechat,alipay,bank_card,bonus_granted}'
    when 'enrol' then p_principal = 0 and p_bonus = 0 and p_accounts = '{}'
    when 'attach' then p_principal = 0 and p_bonus = 0 and p_accounts = '{}'
    when 'instalment' then p_principal = 0 and p_points = 0 and p_accounts <@ '{bonus_granted}'
    when 'expiry' then p_principal = 0 and p_accounts <@ '{bonus_expired}'
    when 'transfer_out' then p_principal <= 0 and p_bonus <= 0 and p_accounts <@ '{transfer,unearned}'
    when 'transfer_in' then p_principal >= 0 and p_bonus >= 0 and p_accounts <@ '{transfer,unearned}'
    else p_principal = 0 and p_bonus = 0 and p_points = 0 and case p_kind
      when 'shift_open' then p_accounts <@ '{cash,safe}'
      when 'shift_close' then p_accounts <@ '{cash,safe,over_short}'
      when 'paid_out' then p_accounts <@ '{cash,paid_out}'
      else p_accounts = '{}'
    end
  end)
  -- What is paid beforehand stands in claims, and moves with them.
  or ('unearned' = any (p_accounts) and p_extras ?| '{grants,moves}' is not true)
  or (p_kind in ('redemption', 'redemption_reversal') and p_extras ? 'moves' is not true) then
    raise exception 'not what a % posts: %', p_kind, p_accounts using errcode = 'GT004';
  end if;
  if p_lines @? '$[*] ? (!exists(@ ? (@.quantity > 0 && @.net >= 0 && @.net <= @.list)))' then
    raise exception 'lines are malformed: %', p_lines using errcode = 'GT004';
  end if;
end $$;

-- The answer: 0 when it was posted, 1 when it had been (2: as a void), then the till's number of it and the
-- member's version, principal, bonus and points afterwards. An array, because a row is taken apart at a price.
create function post(
  p_id uuid, p_kind operation_kind, p_till int, p_shift uuid, p_operator int, p_approver int,
  p_member bigint, p_version bigint, p_business_on date, p_happened_at timestamptz, p_about uuid,
  p_spend bigint, p_visit boolean, p_visits int, p_first_visit_on date, p_last_visit_on date, p_at_risk bigint, p_due_on date, p_level int,
  p_accounts account[], p_amounts bigint[], p_lots uuid[], p_principals bigint[], p_bonuses bigint[], p_points bigint[],
  p_lines jsonb, p_new_lots jsonb, p_extras jsonb, p_document jsonb, p_request_hash bytea
) returns bigint[]
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
  v_merchant int;
  v_store int;
  v_head bytea;
  v_seq bigint;
  v_from_level int;
  -- What the shop's accounts and the member's change by, then what she has.
  d_fen bigint := 0;
  d_principal bigint := 0;
  d_bonus bigint := 0;
  d_points bigint := 0;
  v_version bigint;
  v_principal bigint;
  v_bonus bigint;
  v_points bigint;
begin
  -- Fen balance; points do by themselves. Each expression here is prepared anew in every transaction, so there are few.
  for i in 1 .. cardinality(p_accounts) loop
    d_fen := d_fen + p_amounts[i];
  end loop;
  for i in 1 .. cardinality(p_lots) loop
    d_principal := d_principal + p_principals[i];
    d_bonus := d_bonus + p_bonuses[i];
    d_points := d_points + p_points[i];
  end loop;
  if (d_fen + d_principal + d_bonus = 0) is not true or cardinality(p_amounts) <> cardinality(p_accounts) or p_amounts @> '{0}' then
    raise exception 'postings do not balance: % fen', d_fen + d_principal + d_bonus using errcode = 'GT004';
  end if;

  -- The till's row is the lock of its chain. Nobody looks whether the id is known: the key of operation refuses it below,
  -- and the caller then asks for the first answer.
  update till set seq = till.seq + 1,
         head = chain_hash(till.head, operation_content(
           till.store_id, till.id, till.seq + 1, p_id, p_kind, p_shift, p_operator, p_approver, p_member, p_business_on, p_happened_at, p_about,
           p_spend, p_visit, p_level, p_accounts, p_amounts, p_lots, p_principals, p_bonuses, p_points,
           p_lines, p_new_lots, p_extras, p_document, p_request_hash))
   where till.merchant_id = (select s.merchant_id from seat s where s.role_name = session_user and coalesce(s.till_id, p_till) = p_till)
     and till.id = p_till
     and till.shift_id is not distinct from p_shift
  returning till.merchant_id, till.store_id, till.seq, till.head into v_merchant, v_store, v_seq, v_head;
  if not found then
    return first_answer(p_id, p_till, p_request_hash);
  end if;

  if p_member is not null then
    if p_level is not null then
      select level_id into v_from_level from holding where merchant_id = v_merchant and member_id = p_member;
    end if;
    if p_visit then
      -- Where a visit leaves her in the list of dormant members comes with the plan, made on this very version.
      update holding set
             version = holding.version + 1,
             principal = holding.principal + d_principal,
             bonus = holding.bonus + d_bonus,
             points = holding.points + d_points,
             level_id = coalesce(p_level, holding.level_id),
             spend = holding.spend + p_spend,
             visits = p_visits,
             first_visit_on = p_first_visit_on,
             last_visit_on = p_last_visit_on,
             at_risk = p_at_risk,
             due_on = p_due_on
       where merchant_id = v_merchant and member_id = p_member and version = p_version
      returning holding.version, holding.principal, holding.bonus, holding.points into v_version, v_principal, v_bonus, v_points;
    else
      update holding set
             version = holding.version + 1,
             principal = holding.principal + d_principal,
             bonus = holding.bonus + d_bonus,
             points = holding.points + d_points,
             level_id = coalesce(p_level, holding.level_id),
             spend = holding.spend + p_spend,
             at_risk = at_risk(holding.principal + holding.bonus + d_principal + d_bonus, holding.spend + p_spend,
               holding.first_visit_on, holding.last_visit_on)
       where merchant_id = v_merchant and member_id = p_member and version = p_version
      returning holding.version, holding.principal, holding.bonus, holding.points into v_version, v_principal, v_bonus, v_points;
    end if;
    if not found then
      if exists (select from operation where merchant_id = v_merchant and id = p_id) then
        raise exception 'operation % is known', p_id using errcode = 'GT020';
      end if;
      raise exception 'member % has changed', p_member using errcode = 'GT001';
    end if;
  end if;

  insert into operation (
    merchant_id, id, kind, store_id, till_id, seq, shift_id, operator_id, approver_id, member_id, business_on,
    happened_at, about_id, spend, visit, level_id, accounts, amounts, lots, principals, bonuses, points, lines, new_lots, extras,
    document, request_hash, hash, version_after, principal_after, bonus_after, points_after)
  values (
    v_merchant, p_id, p_kind, v_store, p_till, v_seq, p_shift, p_operator, p_approver, p_member, p_business_on,
    p_happened_at, p_about, p_spend, p_visit, p_level, p_accounts, p_amounts, p_lots, p_principals, p_bonuses, p_points, p_lines, p_new_lots, p_extras,
    p_document, p_request_hash, v_head, v_version, v_principal, v_bonus, v_points);

  if p_new_lots is not null then
    insert into lot (merchant_id, id, member_id, kind, operation_id, opened_at, expires_on, lapses_on, rule_id, rule_version, store_id)
      select v_merchant, n.id, p_member, n.kind, p_id, p_happened_at, n.expires_on, n.expires_on, n.rule_id, n.rule_version, v_store
      from jsonb_to_recordset(p_new_lots) as n (id uuid, kind lot_kind, expires_on date, rule_id int, rule_version int);
  end if;
  -- A figure without a lot finds none.
  for i in 1 .. greatest(cardinality(p_lots), cardinality(p_principals), cardinality(p_bonuses), cardinality(p_points)) loop
    update lot set principal = lot.principal + p_principals[i], bonus = lot.bonus + p_bonuses[i], points = lot.points + p_points[i]
     where merchant_id = v_merchant and id = p_lots[i] and member_id = p_member and (lot.points + p_points[i] >= 0 or lot.kind = 'points_debt');
    if not found then
      raise exception 'a lot of member % is missing or short', p_member using errcode = 'GT001';
    end if;
  end loop;

  if p_approver is not null or p_level is not null or p_extras is not null or p_kind = 'top_up_reversal' then
    perform post_extras(v_merchant, p_id, p_kind, p_business_on, p_operator, p_approver, p_till, p_member,
      p_happened_at, p_about, v_from_level, p_level, p_extras);
  end if;
  if p_kind = 'sale' then
    if d_principal > 0 or d_bonus > 0 or not p_accounts <@ '{revenue,discount,rounding,cash,wechat,alipay,bank_card}' then
      perform refuse_misfit(p_kind, p_accounts, d_principal, d_bonus, d_points, p_lines, p_extras);
    end if;
    if p_lines @? '$[*] ? (!exists(@ ? (@.quantity > 0 && @.net >= 0 && @.net <= @.list)) || exists(@.reductions[*] ? (!exists(@ ? (@.reason == "level" || @.reason == "member_price")))))' then
      perform refuse_lines(v_merchant, p_id, v_store, p_operator, p_approver, p_member, p_happened_at, p_accounts, p_lines, p_extras, p_document);
    end if;
    return array[0, v_seq, v_version, v_principal, v_bonus, v_points];
  end if;
  -- A sale spares itself this: a lot that it empties stays among those that will lapse until its day.
  update lot set lapses_on = case when bonus > 0 or points > 0 then expires_on end
   where merchant_id = v_merchant and id = any (p_lots) and lapses_on is distinct from case when bonus > 0 or points > 0 then expires_on end;
  perform refuse_misfit(p_kind, p_accounts, d_principal, d_bonus, d_points, p_lines, p_extras);
  if p_kind = 'top_up' and p_document ? 'contract' then
    perform post_stage(v_merchant, p_id);
  end if;
  if p_kind = 'top_up' and p_approver is null then
    perform refuse_unapproved_top_up(v_merchant, p_id, p_operator);
  elsif p_kind = 'gift' then
    perform refuse_other_gift(v_merchant, p_id);
  elsif p_kind = 'attach' then
    perform refuse_late_attach(v_merchant, p_about, p_shift);
  elsif p_kind in ('refund', 'top_up_reversal', 'redemption_reversal', 'deposit_reversal') then
    perform refuse_unapproved_return(v_merchant, p_id, p_kind, p_about, p_operator, p_approver, p_member, p_happened_at);
    perform refuse_over_return(v_merchant, p_about);
  elsif p_kind = 'settlement' then
    perform post_settlement(v_merchant, p_id);
  elsif p_kind = 'deposit' then
    perform refuse_other_deposit(v_merchant, p_id);
  elsif p_kind = 'forfeit' then
    perform refuse_other_forfeit(v_merchant, p_id);
  elsif p_kind in ('exchange', 'exchange_reversal') then
    perform post_exchange(v_merchant, p_id);
  elsif p_kind = 'check_in' then
    perform post_check_in(v_merchant, p_id);
  elsif p_kind = 'level_review' then
    perform refuse_level_review(v_merchant, p_id, p_operator);
  elsif p_kind = 'expiry' then
    perform refuse_early_expiry(v_merchant, p_id, p_business_on);
  elsif p_kind in ('transfer_out', 'transfer_in') then
    perform refuse_half_transfer(v_merchant, p_id, p_member);
  end if;
  return array[0, v_seq, v_version, v_principal, v_bonus, v_points];
end $$;

-- The answer a retry gets: the same as the first time. Another request under the same id is refused.
create function first_answer(p_id uuid, p_till int, p_request_hash bytea) returns bigint[]
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
  m int;
  o record;
begin
  select s.merchant_id into m from seat s where s.role_name = session_user and coalesce(s.till_id, p_till) = p_till;
  if m is null or not exists (select from till where merchant_id = m and id = p_till) then
    raise exception 'login % has no seat at till %', session_user, p_till using errcode = 'GT003';
  end if;
  select * into o from operation where merchant_id = m and id = p_id;
  if not found then
    raise exception 'shift is not open at till %', p_till using errcode = 'GT005';
  end if;
  if o.request_hash <> p_request_hash then
    raise exception 'operation % was something else', p_id using errcode = 'GT002';
  end if;
  return array[case o.kind when 'void' then 2 else 1 end, o.seq, o.version_after, o.principal_after, o.bonus_after, o.points_after];
end $$;

-- OP3: what one member of staff loaded for a member in one shift by herself, in fen of principal: what somebody
-- approved and what was reversed does not count. In plpgsql, which keeps the plan.
create function loaded_alone(m int, p_member bigint, p_shift uuid, p_operator int) returns bigint
language plpgsql stable
as $$
begin
  return (select coalesce(sum(p.amount), 0) from operation o
    join posting p on p.merchant_id = o.merchant_id and p.operation_id = o.id and p.account = 'principal'
   where o.merchant_id = m and o.member_id = p_member and o.kind = 'top_up' and o.shift_id = p_shift and o.operator_id = p_operator
     and o.approver_id is null
     and not exists (select from operation r where r.merchant_id = m and r.about_id = o.id and r.kind = 'top_up_reversal'));
end $$;

-- OP3: a top-up above the operator's own limit needs somebody else's approval, and so does the one that goes above
-- it together with those before it, so that slices gain nothing.
create function refuse_unapproved_top_up(m int, p_id uuid, p_operator int) returns void
language plpgsql
as $$
begin
  if (select loaded_alone(m, o.member_id, o.shift_id, p_operator) from operation o where o.merchant_id = m and o.id = p_id)
     > (select r.top_up_max from staff s join role_limit r on r.merchant_id = s.merchant_id and r.role = s.role
         where s.merchant_id = m and s.id = p_operator and s.active) is not false then
    raise exception 'this top-up needs approval' using errcode = 'GT006';
  end if;
end $$;

-- Lines of a sale that are malformed, priced by hand or by a rule. OP3: a price typed over the list's needs the right to
-- it, or somebody who has it.
create function refuse_lines(
  m int, p_id uuid, p_store int, p_operator int, p_approver int, p_member bigint, p_happened_at timestamptz, p_accounts account[],
  p_lines jsonb, p_extras jsonb, p_document jsonb
) returns void
language plpgsql
as $$
begin
  if p_lines @? '$[*] ? (!exists(@ ? (@.quantity > 0 && @.net >= 0 && @.net <= @.list)))'
     or (p_lines @? '$[*].reductions[*] ? (@.reason == "coupon")' and p_extras ? 'moves' is not true) then
    raise exception 'lines are malformed: %', p_lines using errcode = 'GT004';
  end if;
  if p_approver is null and p_lines @? '$[*].reductions[*] ? (@.reason == "override")' and not exists (
    select from staff s join role_limit r on r.merchant_id = s.merchant_id and r.role = s.role
     where s.merchant_id = m and s.id = p_operator and s.active and r.price_override
  ) then
    raise exception 'staff % may not set prices', p_operator using errcode = 'GT006';
  end if;
  if p_lines @? '$[*].reductions[*] ? (!exists(@ ? (@.reason == "level" || @.reason == "member_price" || @.reason == "override")))' then
    perform refuse_promotions(m, p_store, p_member, p_happened_at, p_accounts, p_lines, p_document);
  end if;
  if p_lines @? '$[*].reductions[*] ? (@.reason == "points")' then
    perform refuse_points_paid(m, p_id);
  end if;
end $$;

-- MB3: an anonymous sale is given its member within its own shift. It is locked, so that a return of it waits.
create function refuse_late_attach(m int, p_about uuid, p_shift uuid) returns void
language plpgsql
as $$
begin
  perform from operation where merchant_id = m and id = p_about and kind = 'sale' and member_id is null and shift_id = p_shift for update;
  if not found then
    raise exception 'no anonymous sale % of this shift', p_about using errcode = 'GT018';
  end if;
end $$;

-- OP3: a return above the operator's limit, or older than it allows, needs somebody else's approval. What came
-- back of the same sale before counts too, so that slices gain nothing; a top-up is reversed in its own shift.
create function refuse_unapproved_return(
  m int, p_id uuid, p_kind operation_kind, p_about uuid, p_operator int, p_approver int, p_member bigint, p_happened_at timestamptz
) returns void
language plpgsql
as $$
declare
  v_amount bigint;
  v_limit role_limit%rowtype;
  v_original operation%rowtype;
begin
  -- The original is locked, so that two returns of it wait for one another.
  select * into v_original from operation where merchant_id = m and id = p_about for update;
  if not found then
    raise exception 'no operation % to return', p_about using errcode = 'GT008';
  end if;
  if p_member is null and exists (select from operation where merchant_id = m and about_id = p_about and kind = 'attach') then
    raise exception 'sale % has a member by now', p_about using errcode = 'GT001';
  end if;
  if p_approver is not null then
    return;
  end if;
  select coalesce(sum(greatest(p.amount, 0)), 0) into v_amount
    from operation o join posting p on p.merchant_id = o.merchant_id and p.operation_id = o.id
   where o.merchant_id = m and o.about_id = p_about and o.kind = p_kind
     and p.account in ('cash', 'wechat', 'alipay', 'bank_card', 'principal', 'bonus');
  select r.* into v_limit from role_limit r
    join staff s on s.merchant_id = r.merchant_id and s.role = r.role
   where s.merchant_id = m and s.id = p_operator and s.active;
  -- Both clocks: the till's own may be wrong.
  if not found or v_amount > v_limit.refund_max
     or p_happened_at > v_original.happened_at + make_interval(days => v_limit.refund_days)
     or clock_timestamp() > v_original.recorded_at + make_interval(days => v_limit.refund_days)
     or (p_kind in ('top_up_reversal', 'redemption_reversal', 'deposit_reversal')
       and v_original.shift_id is distinct from (select o.shift_id from operation o where o.merchant_id = m and o.id = p_id)) then
    raise exception 'return of % needs approval', v_amount using errcode = 'GT006';
  end if;
end $$;

-- operation_content is pure; verify computes the chains again with it.
grant execute on function post, first_answer, operation_content to guitai_app;

reset role;
