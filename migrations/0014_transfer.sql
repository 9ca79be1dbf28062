-- What one member holds becomes another's: two members who are one person are merged, and that is undone (MB4). Whatever
-- hands a claim to somebody else is made of the same two operations.

set role guitai_ledger;

create type transfer_kind as enum ('merge', 'undo', 'gift');

-- Who gave to whom, in the order of giving, and the two operations of it. Nobody posts one without the other.
create table transfer (
  merchant_id int not null,
  no bigint not null generated always as identity,
  kind transfer_kind not null,
  from_id bigint not null,
  to_id bigint not null,
  out_id uuid not null,
  in_id uuid not null,
  -- Of an undoing: the operation in which the merge came in.
  about_id uuid,
  constraint transfer_from foreign key (merchant_id, from_id) references member,
  constraint transfer_to foreign key (merchant_id, to_id) references member,
  constraint transfer_others check (from_id <> to_id),
  constraint transfer_out_key unique (merchant_id, out_id),
  constraint transfer_in_key unique (merchant_id, in_id)
);
create index transfer_of_giver on transfer (merchant_id, from_id);
create index transfer_of_taker on transfer (merchant_id, to_id);
alter table transfer add constraint transfer_pkey primary key (merchant_id, no);

do $$
begin
  create trigger transfer_no_change before update or delete on transfer for each row execute function refuse_change();
  create trigger transfer_no_truncate before truncate on transfer for each statement execute function refuse_change();
  alter table transfer enable always trigger transfer_no_change;
  alter table transfer enable always trigger transfer_no_truncate;
end $$;

-- Everybody she ever gave to or took from, and they in turn; she herself among them.
create function kin(m int, p_member bigint) returns bigint[]
language plpgsql stable
as $$
begin
  if not exists (select from transfer where merchant_id = m and (from_id = p_member or to_id = p_member)) then
    return array[p_member];
  end if;
  return array(
    with recursive k as (
      select p_member as id
      union
      select case when t.from_id = k.id then t.to_id else t.from_id end
        from k join transfer t on t.merchant_id = m and (t.from_id = k.id or t.to_id = k.id))
    select id from k);
end $$;

-- The last merge into her that was not undone: the operation in which it came in.
create function merged_last(m int, p_member bigint) returns uuid
language sql stable
as $$
  select t.in_id from transfer t
   where t.merchant_id = m and t.to_id = p_member and t.kind = 'merge'
     and not exists (select from transfer u where u.merchant_id = m and u.about_id = t.in_id)
   order by t.no desc limit 1
$$;

-- MB2: whether she, or somebody who was merged into her, ever got the welcome gift.
create function was_welcomed(p_member bigint) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
begin
  return exists (
    select from member t join operation o on o.merchant_id = m and o.member_id = any (array[t.id] || t.absorbed)
     where t.merchant_id = m and t.id = survivor(m, p_member) and o.kind = 'enrol' and (o.document ->> 'welcome_points')::bigint > 0);
end $$;

-- OR1: the days on which any of these was here.
create function visit_days(m int, p_members bigint[]) returns jsonb
language sql stable
as $$
  select jsonb_build_object('visits', count(distinct o.business_on), 'first_visit_on', min(o.business_on), 'last_visit_on', max(o.business_on))
    from operation o where o.merchant_id = m and o.member_id = any (p_members) and o.visit
$$;

-- Two members as they stand, whole: what a merge is planned on. lots and grants are all that is the giver's, empty ones
-- too, because what was spent may come back.
create function read_transfer(p_from bigint, p_to bigint) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
begin
  return (select jsonb_build_object(
    -- All her open claims, however many; the card shows the last of what was given.
    'from', member_card(m, a.id)::jsonb || jsonb_build_object('grants', coalesce((select jsonb_agg(jsonb_build_object('id', g.id, 'operation_id', g.operation_id, 'no', g.no, 'kind', g.kind, 'given_on', g.given_on,
          'product_id', g.product_id, 'quantity', g.quantity, 'value', g.value, 'opened_at', g.opened_at, 'expires_on', g.expires_on, 'used_on', g.used_on, 'terms', g.terms)
          order by g.opened_at, g.id)
        from member_grant g where g.merchant_id = m and g.member_id = a.id and (g.quantity is null or g.quantity > 0)), '[]')),
    'to', member_card(m, b.id), 'from_merged', a.merged_into, 'to_merged', b.merged_into,
    'lots', coalesce((select jsonb_agg(l.id order by l.opened_at, l.id) from lot l where l.merchant_id = m and l.member_id = a.id and l.kind = 'stored_value'), '[]'),
    'grants', coalesce((select jsonb_agg(g.id order by g.opened_at, g.id) from member_grant g where g.merchant_id = m and g.member_id = a.id), '[]'),
    'together', visit_days(m, array[a.id, b.id] || a.absorbed || b.absorbed),
    'from_alone', visit_days(m, array(select x from unnest(array[a.id] || a.absorbed) x where x <> all (array[b.id] || b.absorbed))),
    'to_alone', visit_days(m, array[b.id] || b.absorbed))
    from member a, member b where a.merchant_id = m and a.id = p_from and b.merchant_id = m and b.id = p_to);
end $$;

-- A merge as it was posted, by either of its operations; and whether it was undone.
create function read_merge(p_id uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select jsonb_build_object(
    'id', o.id, 'seq', o.seq, 'at', o.happened_at, 'carried', o.document -> 'carried',
    'is_undone', exists (select from transfer u where u.merchant_id = t.merchant_id and u.about_id = t.in_id))
  from transfer t join operation o on o.merchant_id = t.merchant_id and o.id = t.in_id
  where t.merchant_id = (select seat_merchant()) and p_id in (t.in_id, t.out_id) and t.kind = 'merge'
$$;

-- One half of a transfer is posted only by post_transfer, which writes the row that allows it.
create function refuse_half_transfer(m int, p_id uuid, p_member bigint) returns void
language plpgsql
as $$
begin
  if not exists (
    select from transfer t
     where t.merchant_id = m and ((t.out_id = p_id and t.from_id = p_member) or (t.in_id = p_id and t.to_id = p_member))
  ) then
    raise exception 'half a transfer' using errcode = 'GT004';
  end if;
end $$;

-- The claims of a transfer: each leaves whole, and arrives whole under the other's name.
create function transfer_grants(m int, o operation) returns void
language plpgsql
as $$
declare
  x record;
begin
  if o.extras ? 'grants' then
    raise exception 'a transfer opens no claims' using errcode = 'GT004';
  end if;
  for x in select * from jsonb_to_recordset(o.extras -> 'moves') as t (grant_id uuid, quantity bigint, value bigint) loop
    update member_grant g set quantity = g.quantity + x.quantity, value = g.value + x.value
     where g.merchant_id = m and g.id = x.grant_id and g.member_id = o.member_id
       and case o.kind when 'transfer_out' then coalesce(g.quantity, 0) + x.quantity = 0 and g.value + x.value = 0
             else x.quantity >= 0 and x.value >= 0 and coalesce(g.quantity, 0) = 0 and g.value = 0 end;
    if not found then
      raise exception 'a claim of member % is missing or short', o.member_id using errcode = 'GT001';
    end if;
  end loop;
  if (select coalesce(sum(t.value), 0) from jsonb_to_recordset(o.extras -> 'moves') as t (value bigint))
     <> (select coalesce(sum(a.amount), 0) from unnest(o.accounts, o.amounts) as a (account, amount) where a.account = 'unearned') then
    raise exception 'claims are not what is posted' using errcode = 'GT004';
  end if;
end $$;

-- Who may: whoever may set prices, or with the approval of somebody who may.
create function refuse_transfer(m int, p_operator int, p_approver int) returns void
language plpgsql
as $$
begin
  if not exists (
    select from staff s join role_limit r on r.merchant_id = s.merchant_id and r.role = s.role
     where s.merchant_id = m and s.id = coalesce(p_approver, p_operator) and s.active and r.price_override
  ) then
    raise exception 'staff % may not transfer', coalesce(p_approver, p_operator) using errcode = 'GT006';
  end if;
end $$;

-- Both operations in one round trip and one transaction: what leaves p_from arrives at p_to. Each half is
-- {version, spend, level, accounts, amounts, lots, principals, bonuses, points, new_lots, extras, document}; p_id is the one that arrives.
create function post_transfer(
  p_id uuid, p_out_id uuid, p_kind transfer_kind, p_till int, p_shift uuid, p_operator int, p_approver int, p_business_on date, p_happened_at timestamptz,
  p_from bigint, p_to bigint, p_about uuid, p_out jsonb, p_in jsonb, p_request_hash bytea
) returns bigint[]
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  v_carried jsonb := p_in #> '{document,carried}';
  v_answer bigint[];
begin
  -- As every posting locks: the till, then the members in the order of their numbers.
  perform from till where merchant_id = m and id = p_till for update;
  perform from holding where merchant_id = m and member_id in (p_from, p_to) order by member_id for update;
  if exists (select from operation where merchant_id = m and id = p_id) then
    return first_answer(p_id, p_till, p_request_hash);
  end if;
  perform refuse_transfer(m, p_operator, p_approver);
  perform refuse_other_members(m, p_kind, p_from, p_to, p_about);
  if p_kind = 'gift' then
    perform refuse_gift(m, p_from, p_business_on, p_out, p_in);
  end if;
  insert into transfer (merchant_id, kind, from_id, to_id, out_id, in_id, about_id) values (m, p_kind, p_from, p_to, p_out_id, p_id, p_about);
  perform post_half(p_out_id, 'transfer_out', p_till, p_shift, p_operator, p_approver, p_from, p_business_on, p_happened_at,
    case p_kind when 'undo' then p_about end, p_out, p_request_hash);
  perform hand_over(m, p_kind, p_from, p_to, v_carried);
  v_answer := post_half(p_id, 'transfer_in', p_till, p_shift, p_operator, p_approver, p_to, p_business_on, p_happened_at, p_out_id, p_in, p_request_hash);
  if p_kind = 'gift' then
    update member_grant set given_on = p_business_on
     where merchant_id = m and id in (select jsonb_array_elements_text(v_carried -> 'grants')::uuid);
  else
    perform make_one(m, p_kind, p_from, p_to, p_out_id, p_about);
    perform stand(m, p_from, p_out #> '{document,standing}');
    perform stand(m, p_to, p_in #> '{document,standing}');
  end if;
  perform note_edit(m, p_from, p_operator, p_till, array[p_kind || ' out']);
  perform note_edit(m, p_to, p_operator, p_till, array[p_kind || ' in']);
  return v_answer;
end $$;

create function post_half(
  p_id uuid, p_kind operation_kind, p_till int, p_shift uuid, p_operator int, p_approver int, p_member bigint, p_business_on date, p_happened_at timestamptz,
  p_about uuid, p jsonb, p_request_hash bytea
) returns bigint[]
language plpgsql
as $$
declare
  x record;
begin
  select * into x from jsonb_to_record(p) as t (
    version bigint, spend bigint, level int, accounts account[], amounts bigint[], lots uuid[], principals bigint[], bonuses bigint[], points bigint[],
    new_lots jsonb, extras jsonb, document jsonb);
  return post(
    p_id, p_kind, p_till, p_shift, p_operator, p_approver, p_member, x.version, p_business_on, p_happened_at, p_about,
    x.spend, false, null, null, null, null, null, x.level, x.accounts, x.amounts, x.lots, x.principals, x.bonuses, x.points,
    null, x.new_lots, x.extras, x.document, p_request_hash);
end $$;

-- A member who is merged is done with (whoever plans again hears it); a merge is undone while she is still the one's it was merged into.
create function refuse_other_members(m int, p_kind transfer_kind, p_from bigint, p_to bigint, p_about uuid) returns void
language plpgsql
as $$
declare
  v_from bigint;
  v_to bigint;
begin
  select merged_into into v_from from member where merchant_id = m and id = p_from for no key update;
  select merged_into into v_to from member where merchant_id = m and id = p_to for no key update;
  if p_kind <> 'undo' and exists (select from member where merchant_id = m and id = p_to and is_bearer) then
    raise exception 'gift card % is nobody', p_to using errcode = 'GT004';
  end if;
  if p_kind = 'undo' and v_to is distinct from p_from then
    raise exception 'member % is not merged into %', p_to, p_from using errcode = 'GT001';
  end if;
  if v_from is not null or (p_kind <> 'undo' and v_to is not null) then
    raise exception 'member % was merged', case when v_from is null then p_to else p_from end using errcode = 'GT001';
  end if;
  if p_kind = 'undo' and not exists (
    select from transfer t where t.merchant_id = m and t.in_id = p_about and t.kind = 'merge' and t.from_id = p_to and t.to_id = p_from
       and not exists (select from transfer u where u.merchant_id = m and u.about_id = t.in_id)
  ) then
    raise exception 'no merge % to undo', p_about using errcode = 'GT001';
  end if;
end $$;

-- Lots of stored value and claims change their owner and nothing else: opening time, order, last day and rule stay. What
-- is still promised goes with the lot it was promised for. After a merge the giver has nothing.
create function hand_over(m int, p_kind transfer_kind, p_from bigint, p_to bigint, p_carried jsonb) returns void
language plpgsql
as $$
declare
  v_lots uuid[] := array(select jsonb_array_elements_text(p_carried -> 'lots')::uuid);
  v_grants uuid[] := array(select jsonb_array_elements_text(p_carried -> 'grants')::uuid);
  v_count bigint;
begin
  update lot set member_id = p_to where merchant_id = m and id = any (v_lots) and member_id = p_from and kind = 'stored_value' and principal = 0 and bonus = 0;
  get diagnostics v_count = row_count;
  if v_count <> cardinality(v_lots) then
    raise exception 'a lot of member % is missing or short', p_from using errcode = 'GT001';
  end if;
  update member_grant set member_id = p_to, held_by = held_by || p_from
   where merchant_id = m and id = any (v_grants) and member_id = p_from and coalesce(quantity, 0) = 0 and value = 0;
  get diagnostics v_count = row_count;
  if v_count <> cardinality(v_grants) then
    raise exception 'a claim of member % is missing or short', p_from using errcode = 'GT001';
  end if;
  update instalment set member_id = p_to where merchant_id = m and member_id = p_from and lot_id = any (v_lots);
  if p_kind = 'merge' and (
    exists (select from lot where merchant_id = m and member_id = p_from and (kind = 'stored_value' or points <> 0))
    or exists (select from member_grant where merchant_id = m and member_id = p_from)
    or exists (select from instalment where merchant_id = m and member_id = p_from and released_by is null and cancelled_by is null)
  ) then
    raise exception 'member % would keep something', p_from using errcode = 'GT001';
  end if;
end $$;

-- One person of two, or two again: her other name leads to her, and all that opens an account opens hers.
create function make_one(m int, p_kind transfer_kind, p_from bigint, p_to bigint, p_out_id uuid, p_about uuid) returns void
language plpgsql
as $$
declare
  v_merge uuid;
begin
  if p_kind = 'merge' then
    update member t set merged_into = p_to, version = version + 1 where t.merchant_id = m and t.id = p_from;
    update member t set absorbed = t.absorbed || p_from || b.absorbed, version = t.version + 1
      from member b where t.merchant_id = m and t.id = p_to and b.merchant_id = m and b.id = p_from;
    update credential set member_id = p_to, came_with = came_with || p_out_id where merchant_id = m and member_id = p_from;
    return;
  end if;
  select out_id into v_merge from transfer where merchant_id = m and in_id = p_about;
  update member t set absorbed = nullif(array(select x from unnest(t.absorbed) x where x <> all (array[b.id] || b.absorbed)), '{}'), version = t.version + 1
    from member b where t.merchant_id = m and t.id = p_from and b.merchant_id = m and b.id = p_to;
  update member t set merged_into = null, version = version + 1 where t.merchant_id = m and t.id = p_to;
  update credential set member_id = p_to, came_with = came_with[1:cardinality(came_with) - 1]
   where merchant_id = m and member_id = p_from and came_with[cardinality(came_with)] = v_merge;
end $$;

-- Where she stands in the list of who stays away, by the days that are hers now.
create function stand(m int, p_member bigint, p jsonb) returns void
language plpgsql
as $$
declare
  v_visits int := (p ->> 'visits')::int;
  v_first date := (p ->> 'first_visit_on')::date;
  v_last date := (p ->> 'last_visit_on')::date;
begin
  update holding h set visits = v_visits, first_visit_on = v_first, last_visit_on = v_last,
         at_risk = at_risk(h.principal + h.bonus, h.spend, v_first, v_last), due_on = due_on(v_visits, v_first, v_last)
   where h.merchant_id = m and h.member_id = p_member;
end $$;

grant select on transfer to guitai_app;
grant execute on function was_welcomed, read_transfer, read_merge, post_transfer to guitai_app;

reset role;
