-- A shift at a till: opened with counted cash, closed with a count and its difference posted (OP1).

set role guitai_ledger;

-- The float comes from the safe. Opening again with the same id gives the same shift.
create function open_shift(
  p_id uuid, p_till int, p_operator int, p_business_on date, p_happened_at timestamptz, p_request_hash bytea, p_float bigint
) returns uuid
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  v_seq bigint;
  v_open uuid;
begin
  select seq, shift_id into v_seq, v_open from till where merchant_id = m and id = p_till for update;
  if not found then
    raise exception 'login % has no seat at till %', session_user, p_till using errcode = 'GT003';
  end if;
  if exists (select from shift where merchant_id = m and id = p_id) then
    return p_id;
  end if;
  if v_open is not null then
    raise exception 'till % has an open shift', p_till using errcode = 'GT009';
  end if;
  insert into shift (merchant_id, id, till_id, cashier_id, business_on, opened_at, first_seq, opening_float)
    values (m, p_id, p_till, p_operator, p_business_on, p_happened_at, v_seq + 1, p_float);
  update till set shift_id = p_id where merchant_id = m and id = p_till;
  perform post(
    p_id, 'shift_open', p_till, p_id, p_operator, null, null, null, p_business_on, p_happened_at, null, 0, false, null, null, null, null, null, null,
    case when p_float > 0 then '{cash,safe}'::account[] else '{}' end,
    case when p_float > 0 then array[-p_float, p_float] else '{}' end,
    '{}', '{}', '{}', '{}', null, null, null, jsonb_build_object('float', p_float), p_request_hash);
  return p_id;
end $$;

-- Closes with what was counted. p_expected is what the console showed: if the ledger says otherwise by
-- now the close is refused as stale. The difference goes to over_short, the cash back to the safe.
create function close_shift(
  p_id uuid, p_till int, p_shift uuid, p_operator int, p_business_on date, p_happened_at timestamptz,
  p_request_hash bytea, p_expected bigint, p_counted bigint, p_reason text
) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  t till%rowtype;
  s shift%rowtype;
  v_expected bigint;
  v_over bigint;
  v_account account[] := '{}';
  v_amount bigint[] := '{}';
begin
  select * into t from till where merchant_id = m and id = p_till for update;
  select * into s from shift where merchant_id = m and id = p_shift and till_id = p_till;
  if not found then
    raise exception 'no shift % at till %', p_shift, p_till using errcode = 'GT005';
  end if;
  if s.closed_at is not null then
    if exists (select from operation where merchant_id = m and id = p_id and request_hash = p_request_hash) then
      return false;
    end if;
    raise exception 'shift % is closed', p_shift using errcode = 'GT005';
  end if;
  select -coalesce(sum(p.amount), 0) into v_expected
    from operation o join posting p on p.merchant_id = o.merchant_id and p.operation_id = o.id
   where o.merchant_id = m and o.till_id = p_till and o.seq between s.first_seq and t.seq and p.account = 'cash';
  if v_expected <> p_expected then
    raise exception 'expected cash is % by now', v_expected using errcode = 'GT001';
  end if;
  v_over := p_counted - v_expected;
  if v_over <> 0 and btrim(coalesce(p_reason, '')) = '' then
    raise exception 'a difference of % needs its reason', v_over using errcode = 'GT019';
  end if;
  if v_over <> 0 then
    v_account := v_account || '{over_short,cash}';
    v_amount := v_amount || array[v_over, -v_over];
  end if;
  if p_counted <> 0 then
    v_account := v_account || '{cash,safe}';
    v_amount := v_amount || array[p_counted, -p_counted];
  end if;
  perform post(
    p_id, 'shift_close', p_till, p_shift, p_operator, null, null, null, p_business_on, p_happened_at, null, 0, false, null, null, null, null, null, null,
    v_account, v_amount, '{}', '{}', '{}', '{}', null, null, null, jsonb_build_object('expected', p_expected, 'counted', p_counted, 'reason', p_reason), p_request_hash);
  update shift set closed_at = p_happened_at, last_seq = t.seq + 1, counted = p_counted, over_short = v_over, reason = p_reason
   where merchant_id = m and id = p_shift;
  update till set shift_id = null where merchant_id = m and id = p_till;
  return true;
end $$;

-- PINs. The attempt is counted before it is judged, so that guessing in parallel gains nothing; the
-- delay doubles from the third wrong PIN on, up to an hour. The application judges the hash: Postgres has no
-- argon2. So this protects from people at a till, and not from a program that has the application's password:
-- that one can ask for the hash, or say that a PIN was right. A grant written here and used up by an approval
-- would be given by the same word, so there is none.
create function try_pin(p_number text, p_badge text)
returns table (staff_id int, pin_hash text, wait_seconds int)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  s staff%rowtype;
  v_next timestamptz;
begin
  select * into s from staff where merchant_id = m and active and (number = p_number or badge = p_badge);
  if not found then
    return;
  end if;
  insert into pin_attempt as a (merchant_id, staff_id, wrong, next_at) values (m, s.id, 1, clock_timestamp())
    on conflict on constraint pin_attempt_pkey do update
      set wrong = a.wrong + 1,
          next_at = clock_timestamp() + case when a.wrong < 2 then interval '0' else least(interval '1 hour', interval '2 seconds' * 2 ^ (a.wrong - 2)) end
      where a.next_at <= clock_timestamp();
  if not found then
    select next_at into v_next from pin_attempt where merchant_id = m and pin_attempt.staff_id = s.id;
    return query select s.id, null::text, greatest(1, ceil(extract(epoch from v_next - clock_timestamp()))::int);
    return;
  end if;
  return query select s.id, s.pin_hash, 0;
end $$;

-- The PIN was right: the count starts anew.
create function right_pin(p_staff int) returns void
language sql security definer set search_path = pg_catalog, public, pg_temp
as $$ update pin_attempt set wrong = 0, next_at = '-infinity' where merchant_id = seat_merchant() and staff_id = p_staff $$;

-- OP3: whoever approves goes no further than her own limits either. That it is her, with her PIN, is the
-- console's word. The operation and its postings are
-- there already when the approval is written.
create function refuse_weak_approval() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  o operation%rowtype;
  r role_limit%rowtype;
  v_out bigint;
  v_loaded bigint;
  v_about timestamptz;
begin
  select * into o from operation where merchant_id = new.merchant_id and id = new.operation_id;
  select l.* into r from staff s join role_limit l on l.merchant_id = s.merchant_id and l.role = s.role
   where s.merchant_id = new.merchant_id and s.id = new.approver_id and s.active;
  select coalesce(sum(greatest(amount, 0)) filter (where account in ('cash', 'wechat', 'alipay', 'bank_card', 'principal', 'bonus')), 0),
         coalesce(sum(amount) filter (where account = 'principal'), 0)
         + case when o.kind = 'top_up' then loaded_alone(o.merchant_id, o.member_id, o.shift_id, o.operator_id) else 0 end
    into v_out, v_loaded
    from posting where merchant_id = new.merchant_id and (operation_id = new.operation_id
      or operation_id in (select b.id from operation b where b.merchant_id = o.merchant_id and b.about_id = o.about_id and b.kind = o.kind));
  if o.kind in ('refund', 'top_up_reversal', 'deposit_reversal') then
    select happened_at into v_about from operation where merchant_id = o.merchant_id and id = o.about_id;
  end if;
  if not coalesce(case o.kind
       when 'refund' then v_out <= r.refund_max and o.happened_at <= v_about + make_interval(days => r.refund_days)
       when 'top_up_reversal' then v_out <= r.refund_max and o.happened_at <= v_about + make_interval(days => r.refund_days)
       when 'deposit_reversal' then v_out <= r.refund_max and o.happened_at <= v_about + make_interval(days => r.refund_days)
       when 'forfeit' then v_out <= r.refund_max
       when 'settlement' then v_out <= r.refund_max
       when 'top_up' then v_loaded <= r.top_up_max
       when 'sale' then r.price_override
       when 'redemption' then r.price_override
       else true
     end, false) then
    raise exception '% is beyond the limits of staff %', o.kind, new.approver_id using errcode = 'GT016';
  end if;
  return new;
end $$;

create trigger approval_within_limits before insert on approval for each row execute function refuse_weak_approval();

-- OP3: writes down who opens the drawer without a payment and why, or refuses: whoever may set prices, or with the
-- approval of somebody who may. The shift is the one that is open at the till. The console opens the drawer afterwards.
-- Asked again under the same key it does nothing more.
create function open_drawer(p_key uuid, p_till int, p_staff int, p_approver int, p_reason text) returns bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int;
  v_shift uuid;
  v_right boolean;
  v_id bigint;
begin
  select t.merchant_id, t.shift_id into m, v_shift
    from seat s join till t on t.merchant_id = s.merchant_id and t.id = p_till
   where s.role_name = session_user and coalesce(s.till_id, p_till) = p_till;
  if not found then
    raise exception 'login % has no seat at till %', session_user, p_till using errcode = 'GT003';
  end if;
  select r.price_override into v_right from staff s join role_limit r on r.merchant_id = s.merchant_id and r.role = s.role
   where s.merchant_id = m and s.id = p_staff and s.active;
  if not found then
    raise exception 'staff % may not open the drawer', p_staff using errcode = 'GT011';
  end if;
  if p_approver is null and not v_right then
    raise exception 'staff % needs an approval', p_staff using errcode = 'GT006';
  end if;
  if p_approver is not null and not exists (
    select from staff s join role_limit r on r.merchant_id = s.merchant_id and r.role = s.role
     where s.merchant_id = m and s.id = p_approver and s.active and r.price_override
  ) then
    raise exception 'opening the drawer is beyond the limits of staff %', p_approver using errcode = 'GT016';
  end if;
  if btrim(p_reason) = '' then
    raise exception 'no reason given' using errcode = 'GT015';
  end if;
  insert into drawer_opening (merchant_id, key, staff_id, approver_id, till_id, shift_id, reason)
    values (m, p_key, p_staff, p_approver, p_till, v_shift, left(btrim(p_reason), 200))
    on conflict (merchant_id, key) do nothing
    returning id into v_id;
  if v_id is null then
    select id into v_id from drawer_opening where merchant_id = m and key = p_key and till_id = p_till and staff_id = p_staff;
    if not found then
      raise exception 'key % is of another opening', p_key using errcode = 'GT008';
    end if;
    return v_id;
  end if;
  perform tell(m, 'drawer');
  return v_id;
end $$;

-- The till has sent the pulse.
create function drawer_pulsed(p_key uuid, p_till int) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int;
begin
  select s.merchant_id into m from seat s where s.role_name = session_user and coalesce(s.till_id, p_till) = p_till;
  if not found then
    raise exception 'login % has no seat at till %', session_user, p_till using errcode = 'GT003';
  end if;
  insert into drawer_pulse (merchant_id, key)
    select m, d.key from drawer_opening d where d.merchant_id = m and d.key = p_key and d.till_id = p_till
    on conflict do nothing;
  perform tell(m, 'drawer');
end $$;

-- How often it was in a shift, for the sheet.
create function drawer_count(p_shift uuid) returns bigint
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$ select count(*) from drawer_opening where merchant_id = seat_merchant() and shift_id = p_shift $$;

-- All of them for whoever manages the shop, newest first, after p_before.
create function drawer_openings(p_staff int, p_before bigint, p_limit int)
returns table (id bigint, at timestamptz, staff text, approver text, till text, in_shift boolean, pulsed boolean, reason text)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
  m int := seat_merchant();
begin
  perform refuse_editor(m, p_staff);
  return query
    select d.id, d.at, s.name, a.name, t.name, d.shift_id is not null,
           exists (select from drawer_pulse u where u.merchant_id = m and u.key = d.key), d.reason
    from (select * from drawer_opening x where x.merchant_id = m and (p_before is null or x.id < p_before) order by x.id desc limit p_limit) d
    join staff s on s.merchant_id = m and s.id = d.staff_id
    join till t on t.merchant_id = m and t.id = d.till_id
    left join staff a on a.merchant_id = m and a.id = d.approver_id
    order by d.id desc;
end $$;

grant execute on function open_shift, close_shift, try_pin, right_pin, open_drawer, drawer_pulsed, drawer_count, drawer_openings to guitai_app;

reset role;
