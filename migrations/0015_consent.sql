-- What she agreed to, what is known of her, and that it is forgotten (PV1, PV2).
--
-- Where something personal stands, and what becomes of it when she is forgotten:
--   member       name and its search keys, birthday, gender, notes: emptied
--   credential   phone, cards, code: deleted
--   beneficiary  her family (MB6): deleted
--   held_sale    label and cart of a sale put aside: deleted
--   consent      about (a child's name): emptied, below
--   disclosure   reason, as somebody typed it: emptied, below
--   member_edit  names of what was changed, never the values: stays
--   operation and all that hangs on it name her by her number only: the ledger stays as it is.
-- consent and disclosure are append-only but for that: of somebody who was forgotten, and only then, the one column of
-- free text can be emptied and nothing else. The trigger sees to that, whoever asks.

set role guitai_ledger;

-- That somebody was forgotten: on whose request, by whom, with whose approval. Append-only; it names nobody.
create table erasure (
  merchant_id int not null,
  member_id bigint not null,
  at timestamptz not null default clock_timestamp(),
  staff_id int not null,
  approver_id int not null,
  till_id int not null,
  constraint erasure_member foreign key (merchant_id, member_id) references member,
  constraint erasure_staff foreign key (merchant_id, staff_id) references staff,
  constraint erasure_approver foreign key (merchant_id, approver_id) references staff,
  constraint erasure_till foreign key (merchant_id, till_id) references till,
  constraint erasure_maker_checker check (approver_id <> staff_id)
);
alter table erasure add constraint erasure_pkey primary key (merchant_id, member_id);

create function refuse_but_forgetting() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp
as $$
declare
  -- The one column of free text.
  v_text text := case tg_table_name when 'consent' then 'about' else 'reason' end;
begin
  if tg_op = 'UPDATE'
     and to_jsonb(new) = to_jsonb(old) || jsonb_build_object(v_text, case tg_table_name when 'consent' then '' else '-' end)
     and exists (select from member t where t.merchant_id = old.merchant_id and t.id = old.member_id and t.erased_at is not null) then
    return new;
  end if;
  raise exception 'append-only: % on %', tg_op, tg_table_name using errcode = 'GT900';
end $$;

do $$
declare t text;
begin
  foreach t in array array['consent', 'disclosure'] loop
    execute format('create trigger %I before update or delete on %I for each row execute function refuse_but_forgetting()', t || '_no_change', t);
  end loop;
  execute 'create trigger erasure_no_change before update or delete on erasure for each row execute function refuse_change()';
  foreach t in array array['consent', 'disclosure', 'erasure'] loop
    execute format('create trigger %I before truncate on %I for each statement execute function refuse_change()', t || '_no_truncate', t);
    execute format('alter table %I enable always trigger %I', t, t || '_no_change');
    execute format('alter table %I enable always trigger %I', t, t || '_no_truncate');
  end loop;
end $$;

-- The last word on each purpose, of her and of all who were merged into her (MB4).
create function consents_of(p_member bigint) returns table (purpose text, given boolean, version int, channel text, at timestamptz, staff text)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
  m int := seat_merchant();
begin
  return query
    select distinct on (c.purpose) c.purpose, c.given, c.version, c.channel, c.at, s.name
      from member t
      join consent c on c.merchant_id = m and c.member_id = any (array[t.id] || t.absorbed)
      join staff s on s.merchant_id = m and s.id = c.staff_id
     where t.merchant_id = m and t.id = survivor(m, p_member)
     order by c.purpose, c.id desc;
end $$;

-- She agrees, or no longer does, to the text as it is now.
create function record_consent(p_member bigint, p_purpose text, p_given boolean, p_channel text, p_about text, p_staff int, p_till int) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
begin
  perform note_edit(m, p_member, p_staff, p_till, array[case when p_given then 'consent ' else 'withdrawn ' end || p_purpose]);
  insert into consent (merchant_id, member_id, purpose, given, version, channel, at, staff_id, till_id, about)
    select m, p_member, p_purpose, p_given, t.terms_version, p_channel, clock_timestamp(), p_staff, p_till, coalesce(p_about, '')
      from merchant t where t.merchant_id = m;
end $$;

-- Everything there is about her, for herself. That it leaves the shop is kept first (PV2).
create function export_member(p_member bigint, p_staff int, p_till int, p_reason text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  v_member bigint := survivor(m, p_member);
  v_all bigint[];
begin
  select array[t.id] || t.absorbed into v_all from member t where t.merchant_id = m and t.id = v_member;
  if not found then
    return null;
  end if;
  perform disclose(m, 'export', p_staff, p_till, v_member, 'member', 1, p_reason);
  return jsonb_build_object(
    'shop', (select name from merchant where merchant_id = m), 'at', clock_timestamp(),
    'member', (select jsonb_agg(to_jsonb(t) - 'merchant_id' - 'initials' - 'spelling' - 'grams' order by t.id) from member t where t.merchant_id = m and t.id = any (v_all)),
    'credentials', coalesce((select jsonb_agg(jsonb_build_object('kind', c.kind, 'value', c.value, 'state', c.state) order by c.kind, c.value)
        from credential c where c.merchant_id = m and c.member_id = any (v_all)), '[]'),
    'family', coalesce((select jsonb_agg(to_jsonb(b) - 'merchant_id' order by b.member_id, b.id) from beneficiary b
        where b.merchant_id = m and b.member_id = any (v_all)), '[]'),
    'holdings', (select jsonb_agg(to_jsonb(h) - 'merchant_id' order by h.member_id) from holding h where h.merchant_id = m and h.member_id = any (v_all)),
    'lots', coalesce((select jsonb_agg(to_jsonb(l) - 'merchant_id' order by l.opened_at, l.id) from lot l where l.merchant_id = m and l.member_id = any (v_all)), '[]'),
    'claims', coalesce((select jsonb_agg(to_jsonb(g) - 'merchant_id' order by g.opened_at, g.id) from member_grant g where g.merchant_id = m and g.member_id = any (v_all)), '[]'),
    'promised', coalesce((select jsonb_agg(to_jsonb(i) - 'merchant_id' order by i.due_on, i.no) from instalment i where i.merchant_id = m and i.member_id = any (v_all)), '[]'),
    'operations', coalesce((select jsonb_agg(jsonb_build_object('id', o.id, 'number', o.seq, 'kind', o.kind, 'store', s.name, 'at', o.happened_at, 'spend', o.spend,
          'lines', o.lines, 'document', o.document, 'lots', o.lots, 'principals', o.principals, 'bonuses', o.bonuses, 'points', o.points,
          'claims', o.extras -> 'moves') order by o.recorded_at, o.version_after)
        from operation o join store s on s.merchant_id = m and s.id = o.store_id where o.merchant_id = m and o.member_id = any (v_all)), '[]'),
    'consents', coalesce((select jsonb_agg(to_jsonb(c) - 'merchant_id' - 'staff_id' - 'till_id' order by c.id) from consent c where c.merchant_id = m and c.member_id = any (v_all)), '[]'),
    'edits', coalesce((select jsonb_agg(jsonb_build_object('at', e.at, 'changed', e.changed) order by e.id) from member_edit e where e.merchant_id = m and e.member_id = any (v_all)), '[]'),
    'disclosures', coalesce((select jsonb_agg(jsonb_build_object('at', d.at, 'kind', d.kind, 'reason', d.reason) order by d.id)
        from disclosure d where d.merchant_id = m and d.member_id = any (v_all)), '[]'));
end $$;

-- On her request the person is forgotten, with all who were merged into her; what happened to member number so and so
-- stays in the ledger. Not while she has money or services in the shop: those go back by law first (RF1 - RF5). It needs
-- somebody who manages the shop besides the one who does it.
create function erase_member(p_member bigint, p_staff int, p_approver int, p_till int) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  v_all bigint[];
begin
  perform from holding where merchant_id = m and member_id = p_member for update;
  select array[t.id] || t.absorbed into v_all from member t
   where t.merchant_id = m and t.id = p_member and t.merged_into is null and t.erased_at is null for update;
  if not found then
    return false;
  end if;
  if p_approver is null or p_approver = p_staff or not exists (
    select from staff s join role_limit r on r.merchant_id = s.merchant_id and r.role = s.role
     where s.merchant_id = m and s.id = p_approver and s.active and r.manage
  ) then
    raise exception 'forgetting somebody needs approval' using errcode = 'GT006';
  end if;
  if exists (select from holding h where h.merchant_id = m and h.member_id = p_member and (h.principal > 0 or h.bonus > 0))
     or exists (select from member_grant g where g.merchant_id = m and g.member_id = p_member and g.value > 0)
     or exists (select from instalment i where i.merchant_id = m and i.member_id = p_member and i.released_by is null and i.cancelled_by is null) then
    raise exception 'member % has money here', p_member using errcode = 'GT023';
  end if;
  perform note_edit(m, p_member, p_staff, p_till, array['erased']);
  insert into erasure (merchant_id, member_id, staff_id, approver_id, till_id) values (m, p_member, p_staff, p_approver, p_till);
  delete from credential where merchant_id = m and member_id = any (v_all);
  delete from beneficiary where merchant_id = m and member_id = any (v_all);
  delete from held_sale where merchant_id = m and (cart ->> 'member_id')::bigint = any (v_all);
  update member set name = '', initials = '', spelling = '', grams = '{}', birth_year = null, birth_month = null, birth_day = null,
         gender = null, notes = '', erased_at = clock_timestamp(), version = version + 1
   where merchant_id = m and id = any (v_all);
  update disclosure set reason = '-' where merchant_id = m and member_id = any (v_all) and reason <> '-';
  update consent set about = '' where merchant_id = m and member_id = any (v_all) and about <> '';
  -- Nobody calls her back.
  update holding h set first_visit_on = null, last_visit_on = null, due_on = null, at_risk = at_risk(h.principal + h.bonus, h.spend, null, null)
   where h.merchant_id = m and h.member_id = p_member;
  perform tell(m, 'held_sale');
  return true;
end $$;

-- MB5: a new code for somebody who is a member already; who made it is kept.
create function new_code(p_member bigint, p_value text, p_staff int, p_till int) returns boolean
language sql security definer set search_path = pg_catalog, public, pg_temp
as $$ select add_credential(p_member, 'code', p_value, p_staff, p_till) $$;

grant select on erasure to guitai_app;
grant execute on function consents_of, record_consent, export_member, erase_member, new_code to guitai_app;

reset role;
