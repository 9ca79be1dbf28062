-- What the shop promised, in every version; and whom else an account is for.

set role guitai_ledger;

-- RF5, LG2: the terms of the shop in all their versions, as they were printed and agreed to. Operations and consents name the
-- version. Append-only: what a customer accepted can be shown to her years later.
create table terms (
  merchant_id int not null references merchant,
  version int not null,
  since timestamptz not null default clock_timestamp(),
  text text not null,
  spend_order spend_order not null,
  own_refund jsonb,
  constraint terms_pkey primary key (merchant_id, version)
);

create trigger terms_no_change before update or delete on terms for each row execute function refuse_change();
create trigger terms_no_truncate before truncate on terms for each statement execute function refuse_change();
alter table terms enable always trigger terms_no_change;
alter table terms enable always trigger terms_no_truncate;

create function keep_terms() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into terms (merchant_id, version, text, spend_order, own_refund)
    values (new.merchant_id, new.terms_version, new.terms, new.spend_order, new.own_refund) on conflict do nothing;
  return null;
end $$;

create trigger merchant_terms after insert or update of terms_version on merchant for each row execute function keep_terms();

-- What the shop gives back beyond the law: the version in force, and the terms of every version that had some.
create function own_terms(m int) returns jsonb
language sql stable
as $$
  select jsonb_build_object('version', h.terms_version,
    'own', coalesce((select jsonb_agg(jsonb_build_object('version', t.version, 'own', t.own_refund) order by t.version)
      from terms t where t.merchant_id = m and t.own_refund is not null), '[]'))
  from merchant h where h.merchant_id = m
$$;

-- MB6: one account, several people. What is kept of them is what a birthday takes; the year, month and day are those of the
-- calendar named. Under 14 a guardian agreed (PIPL art. 28): who, to which version of the terms, when, how, and who took it down
-- (PV1). Removing one deletes the row, and with it everything known of the person.
create type relation as enum ('child', 'spouse', 'parent', 'other');
create type birth_calendar as enum ('solar', 'lunar', 'lunar_leap');

create table beneficiary (
  merchant_id int not null,
  member_id bigint not null,
  id int not null,
  name text not null,
  relation relation not null,
  birth_year int,
  birth_month int,
  birth_day int,
  calendar birth_calendar not null default 'solar',
  guardian text,
  consent_version int,
  consent_at timestamptz,
  consent_channel text,
  consent_staff_id int,
  version int not null default 1,
  constraint beneficiary_member foreign key (merchant_id, member_id) references member,
  constraint beneficiary_consent_staff foreign key (merchant_id, consent_staff_id) references staff,
  constraint beneficiary_name check (name <> '' and length(name) <= 40 and length(guardian) between 1 and 40),
  constraint beneficiary_birthday check ((birth_month is null) = (birth_day is null) and (birth_year is null or birth_month is not null)
    and birth_month between 1 and 12 and birth_day between 1 and 31),
  constraint beneficiary_consent check (num_nulls(guardian, consent_version, consent_at, consent_channel, consent_staff_id) in (0, 5))
);
alter table beneficiary add constraint beneficiary_pkey primary key (merchant_id, member_id, id);

create function family(m int, p_member bigint) returns jsonb
language sql stable
as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', b.id, 'name', b.name, 'relation', b.relation, 'version', b.version,
      'born', case when b.birth_month is not null then
        jsonb_build_object('year', b.birth_year, 'month', b.birth_month, 'day', b.birth_day, 'calendar', b.calendar) end,
      'guardian', case when b.guardian is not null then jsonb_build_object('name', b.guardian, 'version', b.consent_version,
        'at', b.consent_at, 'channel', b.consent_channel, 'staff_id', b.consent_staff_id) end) order by b.id), '[]')
  from beneficiary b where b.merchant_id = m and b.member_id = p_member
$$;

-- Keeps one, new when its id is 0. The guardian's consent is taken down here: whoever edits later keeps it, unless another
-- guardian agrees. The year alone decides for the database whether one is needed; the console asks to the day.
create function save_beneficiary(p_member bigint, p_staff int, p_till int, p jsonb) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  b beneficiary%rowtype;
  v_born jsonb := case when jsonb_typeof(p -> 'born') = 'object' then p -> 'born' end;
  v_guardian text := nullif(btrim(p ->> 'guardian'), '');
  v_years int := extract(year from clock_timestamp() at time zone 'Asia/Shanghai')::int - (v_born ->> 'year')::int;
begin
  perform from member where merchant_id = m and id = p_member for no key update;
  if not found then
    return false;
  end if;
  if v_guardian is null and (v_years < 14 or (v_years is null and p ->> 'relation' = 'child')) then
    raise exception 'a child needs a guardian''s consent' using errcode = 'GT040';
  end if;
  select * into b from beneficiary where merchant_id = m and member_id = p_member and id = (p ->> 'id')::int;
  if not found and (p ->> 'id')::int <> 0 or found and b.version <> (p ->> 'version')::int then
    perform refuse_stale();
  end if;
  if b.id is null then
    if (select count(*) from beneficiary where merchant_id = m and member_id = p_member) >= 12 then
      raise exception 'too many beneficiaries' using errcode = 'GT041';
    end if;
    select coalesce(max(id), 0) + 1 into b.id from beneficiary where merchant_id = m and member_id = p_member;
    insert into beneficiary (merchant_id, member_id, id, name, relation) values (m, p_member, b.id, p ->> 'name', (p ->> 'relation')::relation);
  end if;
  update beneficiary
     set name = p ->> 'name', relation = (p ->> 'relation')::relation, birth_year = (v_born ->> 'year')::int,
         birth_month = (v_born ->> 'month')::int, birth_day = (v_born ->> 'day')::int,
         calendar = coalesce((v_born ->> 'calendar')::birth_calendar, 'solar'), version = version + (b.version is not null)::int
   where merchant_id = m and member_id = p_member and id = b.id;
  if v_guardian is distinct from b.guardian then
    update beneficiary
       set guardian = v_guardian,
           consent_version = case when v_guardian is not null then (select terms_version from merchant where merchant_id = m) end,
           consent_at = case when v_guardian is not null then clock_timestamp() end,
           consent_channel = case when v_guardian is not null then 'counter' end,
           consent_staff_id = case when v_guardian is not null then p_staff end
     where merchant_id = m and member_id = p_member and id = b.id;
  end if;
  perform note_edit(m, p_member, p_staff, p_till, array['beneficiary']);
  return true;
end $$;

create function remove_beneficiary(p_member bigint, p_id int, p_staff int, p_till int) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
begin
  delete from beneficiary where merchant_id = m and member_id = p_member and id = p_id;
  if found then
    perform note_edit(m, p_member, p_staff, p_till, array['beneficiary']);
  end if;
  return true;
end $$;

grant select on terms, beneficiary to guitai_app;
grant execute on function save_beneficiary, remove_beneficiary to guitai_app;

reset role;
