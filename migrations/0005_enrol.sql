-- Enrolment: the member, her credentials, her consent and the welcome gift in one operation (MB1, MB2).

set role guitai_ledger;

-- A phone or card that is known opens the existing member and posts nothing. Two tills enrolling the
-- same phone at once: one gets a unique violation, asks again and finds the member.
create function enrol(
  p_id uuid, p_till int, p_shift uuid, p_operator int, p_business_on date, p_happened_at timestamptz,
  p_request_hash bytea, p_phone text, p_card text, p_code text, p_person jsonb, p_level int,
  p_points bigint, p_points_lot uuid, p_points_expire_on date, p_consents text[], p_terms_version int
) returns table (member_id bigint, existing boolean)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
  m int;
  v_member bigint;
  v_store int;
  v_account account[] := '{}';
  v_lot uuid[] := '{}';
  v_amount bigint[] := '{}';
begin
  select s.merchant_id into m from seat s where s.role_name = session_user and coalesce(s.till_id, p_till) = p_till;
  select t.store_id into v_store from till t where t.merchant_id = m and t.id = p_till;
  if v_store is null then
    raise exception 'login % has no seat at till %', session_user, p_till using errcode = 'GT003';
  end if;
  select o.member_id into v_member from operation o where o.merchant_id = m and o.id = p_id and o.request_hash = p_request_hash;
  if found then
    return query select v_member, false;
    return;
  end if;
  select c.member_id into v_member from credential c
   where c.merchant_id = m
     and ((c.kind = 'phone' and c.value = p_phone) or (c.kind = 'card' and c.value = p_card))
   order by c.kind limit 1;
  if found then
    return query select v_member, true;
    return;
  end if;

  insert into member (merchant_id, name, initials, spelling, grams, birth_year, birth_month, birth_day, gender, notes,
      home_store_id, joined_on)
    select m, coalesce(p.name, ''), coalesce(p.initials, ''), coalesce(p.spelling, ''), coalesce(p.grams, '{}'),
           p.birth_year, p.birth_month, p.birth_day, p.gender, coalesce(p.notes, ''), v_store, p_business_on
    from jsonb_to_record(p_person) as p (name text, initials text, spelling text, grams text[], birth_year int,
      birth_month int, birth_day int, gender gender, notes text)
  returning id into v_member;
  insert into credential (merchant_id, value, kind, member_id)
    select m, c.value, c.kind, v_member
    from (values (p_phone, 'phone'::credential_kind), (p_card, 'card'), (p_code, 'code')) as c (value, kind)
    where c.value is not null;
  insert into holding (merchant_id, member_id, level_id) values (m, v_member, p_level);
  insert into consent (merchant_id, member_id, purpose, version, channel, granted_at, operation_id)
    select m, v_member, c.purpose, p_terms_version, 'counter', p_happened_at, p_id from unnest(p_consents) as c (purpose);
  if p_points > 0 then
    v_account := '{points,points_granted}';
    v_lot := array[p_points_lot, null];
    v_amount := array[p_points, -p_points];
  end if;
  perform post(
    p_id, 'enrol', p_till, p_shift, p_operator, null, v_member, 0, p_business_on, p_happened_at, null,
    0, false, null, v_account, v_lot, v_amount, null,
    case when p_points > 0 then jsonb_build_array(jsonb_build_object('id', p_points_lot, 'kind', 'points', 'expires_on', p_points_expire_on)) end,
    null, jsonb_build_object('welcome_points', p_points, 'level_id', p_level), p_request_hash);
  return query select v_member, false;
end $$;

-- The person's own particulars. What she owns is not touched. Null leaves a field as it is.
create function edit_member(p_member bigint, p_person jsonb) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  update member t
     set name = p.name, initials = p.initials, spelling = p.spelling, grams = p.grams, birth_year = p.birth_year,
         birth_month = p.birth_month, birth_day = p.birth_day, gender = p.gender, notes = p.notes
    from jsonb_to_record(p_person) as p (name text, initials text, spelling text, grams text[], birth_year int,
      birth_month int, birth_day int, gender gender, notes text)
   where t.merchant_id = seat_merchant() and t.id = p_member;
  return found;
end $$;

-- A card or another code for a member who is there already. False when it belongs to somebody.
create function add_credential(p_member bigint, p_kind credential_kind, p_value text) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into credential (merchant_id, value, kind, member_id) values (seat_merchant(), p_value, p_kind, p_member)
    on conflict do nothing;
  return found;
end $$;

-- The full phone for the screen; the look is kept (MB7, PV2).
create function reveal_phone(p_member bigint, p_staff int) returns text
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  v text;
begin
  if not exists (
    select from staff s join role_limit r on r.merchant_id = s.merchant_id and r.role = s.role
     where s.merchant_id = m and s.id = p_staff and s.active and r.reveal_phone
  ) then
    raise exception 'staff % may not see full numbers', p_staff using errcode = 'GT006';
  end if;
  insert into reveal (merchant_id, member_id, staff_id) values (m, p_member, p_staff);
  select value into v from credential where merchant_id = m and member_id = p_member and kind = 'phone' and state = 'active';
  return v;
end $$;

grant execute on function enrol, edit_member, add_credential, reveal_phone to guitai_app;

reset role;
