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
  v_lots uuid[] := '{}';
  v_none bigint[] := '{}';
  v_points bigint[] := '{}';
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
  -- OR6: whoever brought her, by phone, card or code.
  if p_person ->> 'referrer' is not null then
    insert into referral (merchant_id, member_id, referrer_id, at, staff_id)
      select m, v_member, c.member_id, p_happened_at, p_operator from credential c
       where c.merchant_id = m and c.value = p_person ->> 'referrer' and c.state = 'active' and c.member_id <> v_member limit 1;
    if not found then
      raise exception 'nobody known brought her' using errcode = 'GT024';
    end if;
  end if;
  insert into consent (merchant_id, member_id, purpose, version, channel, at, staff_id, till_id, operation_id)
    select m, v_member, c.purpose, p_terms_version, 'counter', p_happened_at, p_operator, p_till, p_id from unnest(p_consents) as c (purpose);
  if p_points > (select welcome_points from merchant where merchant_id = m) then
    raise exception '% points are more than the welcome gift', p_points using errcode = 'GT004';
  end if;
  if p_points > 0 then
    v_lots := array[p_points_lot];
    v_none := '{0}';
    v_points := array[p_points];
  end if;
  perform post(
    p_id, 'enrol', p_till, p_shift, p_operator, null, v_member, 0, p_business_on, p_happened_at, null,
    0, false, null, null, null, null, null, null, '{}', '{}', v_lots, v_none, v_none, v_points, null,
    case when p_points > 0 then jsonb_build_array(jsonb_build_object('id', p_points_lot, 'kind', 'points', 'expires_on', p_points_expire_on)) end,
    null, jsonb_build_object('welcome_points', p_points, 'level_id', p_level), p_request_hash);
  return query select v_member, false;
end $$;

-- Writes down who changes what of a member, and at which till, or refuses.
create function note_edit(m int, p_member bigint, p_staff int, p_till int, p_changed text[]) returns void
language plpgsql
as $$
begin
  if not exists (select from staff where merchant_id = m and id = p_staff and active) then
    raise exception 'staff % may not edit members', p_staff using errcode = 'GT011';
  end if;
  if not exists (select from seat where merchant_id = m and role_name = session_user and coalesce(till_id, p_till) = p_till) then
    raise exception 'login % has no seat at till %', session_user, p_till using errcode = 'GT003';
  end if;
  insert into member_edit (merchant_id, member_id, staff_id, till_id, changed) values (m, p_member, p_staff, p_till, p_changed);
  perform tell(m, 'member');
end $$;

-- The person's own particulars, if they are still those the editor saw. What she owns is not touched.
create function edit_member(p_member bigint, p_version int, p_staff int, p_till int, p_person jsonb) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  v_old member%rowtype;
  v_new member%rowtype;
  v_changed text[];
begin
  select * into v_old from member where merchant_id = m and id = p_member for no key update;
  if not found then
    return false;
  end if;
  if v_old.version <> p_version then
    perform refuse_stale();
  end if;
  v_new := jsonb_populate_record(v_old, p_person);
  v_changed := array_remove(array[
    case when v_new.name <> v_old.name then 'name' end,
    case when (v_new.birth_year, v_new.birth_month, v_new.birth_day) is distinct from (v_old.birth_year, v_old.birth_month, v_old.birth_day)
      then 'birthday' end,
    case when v_new.gender is distinct from v_old.gender then 'gender' end,
    case when v_new.notes <> v_old.notes then 'notes' end], null);
  if v_changed = '{}' then
    return true;
  end if;
  update member
     set name = v_new.name, initials = v_new.initials, spelling = v_new.spelling, grams = v_new.grams, birth_year = v_new.birth_year,
         birth_month = v_new.birth_month, birth_day = v_new.birth_day, gender = v_new.gender, notes = v_new.notes, version = version + 1
   where merchant_id = m and id = p_member;
  perform note_edit(m, p_member, p_staff, p_till, v_changed);
  return true;
end $$;

-- A card or another code for a member who is there already. False when it belongs to somebody.
create function add_credential(p_member bigint, p_kind credential_kind, p_value text, p_staff int, p_till int) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
begin
  insert into credential (merchant_id, value, kind, member_id) values (m, p_value, p_kind, p_member)
    on conflict do nothing;
  if not found then
    return false;
  end if;
  perform note_edit(m, p_member, p_staff, p_till, array[p_kind::text]);
  return true;
end $$;

-- MB5: what opens her account besides her phone: cards and her own code, by their ends. key names one without saying
-- what stands on it. The newest comes last.
create function credentials_of(p_member bigint) returns table (key text, kind credential_kind, tail text, state credential_state)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select encode(sha256(convert_to(c.value, 'UTF8')), 'hex'), c.kind, right(c.value, 4), c.state
  from credential c
  where c.merchant_id = (select seat_merchant()) and c.member_id = p_member and c.kind <> 'phone'
  order by c.kind, c.state, right(c.value, 4)
$$;

-- MB5: a card that is lost opens nothing from now on; anybody who works here may do that, because it is urgent. That it
-- was found needs whoever may set prices, or her approval. Who did it is kept.
create function set_credential(p_member bigint, p_key text, p_state credential_state, p_staff int, p_approver int, p_till int) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  v_kind credential_kind;
begin
  if p_state not in ('active', 'blocked') then
    raise exception 'a card is not made % here', p_state using errcode = 'GT004';
  end if;
  if not exists (select from staff s where s.merchant_id = m and s.id = p_staff and s.active) then
    raise exception 'staff % does not work here', p_staff using errcode = 'GT011';
  end if;
  if p_state = 'active' and (p_approver = p_staff or not exists (
    select from staff s join role_limit r on r.merchant_id = s.merchant_id and r.role = s.role
     where s.merchant_id = m and s.id = coalesce(p_approver, p_staff) and s.active and r.price_override)) then
    raise exception 'staff % may not free a card', coalesce(p_approver, p_staff) using errcode = 'GT006';
  end if;
  update credential set state = p_state
   where merchant_id = m and member_id = p_member and kind <> 'phone' and state in ('active', 'blocked') and state <> p_state
     and encode(sha256(convert_to(value, 'UTF8')), 'hex') = p_key
  returning kind into v_kind;
  if not found then
    return false;
  end if;
  perform note_edit(m, p_member, p_staff, p_till, array[v_kind || ' ' || p_state]);
  if p_approver is not null then
    perform note_edit(m, p_member, p_approver, p_till, array[v_kind || ' ' || p_state || ' approved']);
  end if;
  return true;
end $$;

-- PV2: writes down who takes what out of the shop and why, or refuses.
create function disclose(m int, p_kind disclosure_kind, p_staff int, p_till int, p_member bigint, p_what text, p_rows int, p_reason text) returns bigint
language plpgsql
as $$
declare
  v_id bigint;
begin
  if not exists (
    select from staff s join role_limit r on r.merchant_id = s.merchant_id and r.role = s.role
     where s.merchant_id = m and s.id = p_staff and s.active and case p_kind when 'reveal' then r.reveal_phone else r.export end
  ) then
    raise exception 'staff % may not take this out of the shop', p_staff using errcode = 'GT011';
  end if;
  if btrim(p_reason) = '' then
    raise exception 'no reason given' using errcode = 'GT015';
  end if;
  insert into disclosure (merchant_id, kind, staff_id, till_id, member_id, what, row_count, reason)
    values (m, p_kind, p_staff, p_till, p_member, left(p_what, 400), p_rows, left(btrim(p_reason), 200))
    returning id into v_id;
  perform tell(m, 'disclosure');
  return v_id;
end $$;

-- The full phone for the screen; the look is kept first (MB7, PV2).
create function reveal_phone(p_member bigint, p_staff int, p_till int, p_reason text) returns text
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  v text;
begin
  perform disclose(m, 'reveal', p_staff, p_till, p_member, '', 1, p_reason);
  select value into v from credential where merchant_id = m and member_id = p_member and kind = 'phone' and state = 'active'
   order by cardinality(came_with) limit 1;
  return v;
end $$;

-- A list of members leaves as a file: called, and committed, before the file is written (PV2).
create function disclose_export(p_staff int, p_till int, p_what text, p_rows int, p_reason text) returns bigint
language sql security definer set search_path = pg_catalog, public, pg_temp
as $$ select disclose(seat_merchant(), 'export', p_staff, p_till, null, p_what, p_rows, p_reason) $$;

-- The log for whoever manages the shop, newest first, after p_before.
create function disclosures(p_staff int, p_before bigint, p_limit int)
returns table (id bigint, at timestamptz, kind disclosure_kind, staff text, till text, member_id bigint, member text, what text, row_count int, reason text)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
  m int := seat_merchant();
begin
  perform refuse_editor(m, p_staff);
  return query
    select d.id, d.at, d.kind, s.name, t.name, d.member_id, coalesce(p.name, ''), d.what, d.row_count, d.reason
    from (select * from disclosure x where x.merchant_id = m and (p_before is null or x.id < p_before) order by x.id desc limit p_limit) d
    join staff s on s.merchant_id = m and s.id = d.staff_id
    join till t on t.merchant_id = m and t.id = d.till_id
    left join member p on p.merchant_id = m and p.id = d.member_id
    order by d.id desc;
end $$;

grant execute on function enrol, edit_member, add_credential, credentials_of, set_credential, reveal_phone, disclose_export, disclosures to guitai_app;

reset role;
