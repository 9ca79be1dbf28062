-- Staged prepayment (分阶段储值, SV5): a contract with stages, each paid by a top-up of its own that brings what it grants.

set role guitai_ledger;

-- A plan that a member signed, in the version she signed: that never changes for her. paid and next_on are derived from her
-- stages: next_on is the day of the next one, null when there is none or the contract was ended. An ended contract owes
-- nobody anything: what was paid stays stored value.
create table contract (
  merchant_id int not null,
  -- The operation that signed it.
  id uuid not null,
  -- Who signed; whoever she was merged into has it (MB4).
  member_id bigint not null,
  plan_id int not null,
  plan_version int not null,
  signed_on date not null,
  signed_at timestamptz not null,
  store_id int not null,
  paid smallint not null default 0,
  next_on date,
  ended_at timestamptz,
  ended_by int,
  approver_id int,
  till_id int,
  reason text,
  constraint contract_operation foreign key (merchant_id, id) references operation,
  constraint contract_member foreign key (merchant_id, member_id) references member,
  constraint contract_plan_version foreign key (merchant_id, plan_id, plan_version) references contract_plan,
  constraint contract_ended check ((ended_at is null) = (reason is null) and (ended_at is null) = (ended_by is null) and (ended_at is null or next_on is null)),
  constraint contract_reason check (btrim(reason) <> '' and length(reason) <= 200),
  constraint contract_maker_checker check (approver_id <> ended_by)
) with (fillfactor = 80);
create index contract_of_member on contract (merchant_id, member_id);
-- SV5: stages somebody is reminded of.
create index contract_due on contract (merchant_id, next_on, id) where next_on is not null;
alter table contract add constraint contract_pkey primary key (merchant_id, id);

-- The stages that were paid; one that was reversed is open again.
create table contract_stage (
  merchant_id int not null,
  contract_id uuid not null,
  no smallint not null,
  operation_id uuid not null,
  reversed_by uuid,
  constraint contract_stage_contract foreign key (merchant_id, contract_id) references contract,
  constraint contract_stage_operation foreign key (merchant_id, operation_id) references operation
);
create unique index contract_stage_once on contract_stage (merchant_id, contract_id, no) where reversed_by is null;
alter table contract_stage add constraint contract_stage_pkey primary key (merchant_id, operation_id);

-- The stage a top-up says it pays, by the version of the plan it names.
create function stage_of(m int, o operation) returns jsonb
language sql stable
as $$
  select p.body -> 'stages' -> greatest((o.document #>> '{contract,stage}')::int - 1, 0) from contract_plan p
   where p.merchant_id = m and p.id = (o.document #>> '{contract,plan,id}')::int and p.version = (o.document #>> '{contract,plan,version}')::int
$$;

-- The day of a stage; null when there is none with this number.
create function stage_day(p_body jsonb, p_signed_on date, p_no int) returns date
language sql immutable
as $$ select p_signed_on + (p_body #>> array['stages', (p_no - 1)::text, 'days'])::int $$;

-- Whether somebody may sign a plan: the newest version, in force, here and now, for her level as it was before, and not while
-- she pays one of the same plan.
create function refuse_signing(m int, o operation, p contract_plan) returns void
language plpgsql
as $$
declare
  v_level int;
begin
  select coalesce((select c.from_level_id from level_change c where c.merchant_id = m and c.operation_id = o.id), h.level_id) into v_level
    from holding h where h.merchant_id = m and h.member_id = o.member_id;
  if (p.active and p.version::text = o.document #>> '{contract,plan,version}' and promotion_holds(p.body, o.happened_at)
      and (coalesce(p.body #> '{who,stores}', '[]') = '[]' or p.body #> '{who,stores}' @> to_jsonb(o.store_id))
      and (coalesce(p.body #> '{who,levels}', '[]') = '[]' or p.body #> '{who,levels}' @> to_jsonb(v_level))) is not true then
    raise exception 'plan % is another by now', o.document #> '{contract,plan}' using errcode = 'GT001';
  end if;
  if exists (select from contract x join member t on t.merchant_id = m and t.id = o.member_id
      where x.merchant_id = m and x.member_id = any (array[t.id] || t.absorbed) and x.plan_id = p.id and x.next_on is not null) then
    raise exception 'member % pays plan % already', o.member_id, p.id using errcode = 'GT001';
  end if;
  if (o.document #>> '{contract,stage}' = '1' and o.document #>> '{contract,id}' = o.id::text) is not true
     or exists (select from member t where t.merchant_id = m and t.id = o.member_id and t.is_bearer) then
    raise exception 'not the first stage of a contract: %', o.document -> 'contract' using errcode = 'GT004';
  end if;
end $$;

-- A top-up that pays a stage: the next one of a contract that was not ended, exactly its amount, and what the version that was
-- signed grants for it. The first one signs. The contract is locked, so that of two tills one waits and is told.
create function post_stage(m int, p_id uuid) returns void
language plpgsql
as $$
declare
  o operation%rowtype;
  c contract%rowtype;
  p contract_plan%rowtype;
  s jsonb;
  v_bonus bigint;
begin
  select * into o from operation where merchant_id = m and id = p_id;
  select * into c from contract where merchant_id = m and id = (o.document #>> '{contract,id}')::uuid for update;
  if c.id is null then
    select * into p from contract_plan where merchant_id = m and id = (o.document #>> '{contract,plan,id}')::int order by version desc limit 1;
    perform refuse_signing(m, o, p);
    insert into contract (merchant_id, id, member_id, plan_id, plan_version, signed_on, signed_at, store_id, next_on)
      values (m, o.id, o.member_id, p.id, p.version, o.business_on, o.happened_at, o.store_id, o.business_on) returning * into c;
  else
    select * into p from contract_plan where merchant_id = m and id = c.plan_id and version = c.plan_version;
    if c.next_on is null or (c.paid + 1)::text is distinct from o.document #>> '{contract,stage}'
       or not exists (select from member t where t.merchant_id = m and t.id = o.member_id and c.member_id = any (array[t.id] || t.absorbed)) then
      raise exception 'contract % is not at this stage', c.id using errcode = 'GT001';
    end if;
  end if;
  s := p.body -> 'stages' -> c.paid;
  select coalesce(sum(x), 0) into v_bonus from unnest(o.bonuses) x;
  if o.document #> '{contract,plan}' is distinct from jsonb_build_object('id', p.id, 'version', p.version)
     or o.document #>> '{contract,name}' is distinct from p.name
     or o.document #> '{contract,of}' is distinct from to_jsonb(jsonb_array_length(p.body -> 'stages'))
     or (o.document #>> '{contract,next,on}')::date is distinct from stage_day(p.body, c.signed_on, c.paid + 2)
     or (select sum(x) from unnest(o.principals) x) is distinct from (s ->> 'amount')::bigint
     or o.document -> 'amount' is distinct from s -> 'amount'
     or o.new_lots @? '$[*] ? (@.rule_id != null)' or o.extras ? 'instalments'
     or v_bonus <> (select coalesce(sum((b ->> 'fen')::bigint), 0) from jsonb_array_elements(s -> 'gives') b where b ->> 'kind' = 'bonus')
     or (select coalesce(sum(x), 0) from unnest(o.points) x)
       <> (select coalesce(sum((b ->> 'points')::bigint), 0) from jsonb_array_elements(s -> 'gives') b where b ->> 'kind' = 'points')
     or (o.level_id is not null and not s -> 'gives' @> jsonb_build_array(jsonb_build_object('kind', 'level', 'level_id', o.level_id))) then
    raise exception 'not stage % of contract %', c.paid + 1, c.id using errcode = 'GT004';
  end if;
  insert into contract_stage (merchant_id, contract_id, no, operation_id) values (m, c.id, c.paid + 1, o.id);
  update contract set paid = c.paid + 1, next_on = stage_day(p.body, c.signed_on, c.paid + 2) where merchant_id = m and id = c.id;
end $$;

-- RF1: the top-up of the last stage that was paid is taken back, and the stage is open again, unless the contract was ended.
create function reopen_stage(m int, p_id uuid, p_about uuid) returns void
language plpgsql
as $$
declare
  s contract_stage%rowtype;
  c contract%rowtype;
begin
  select * into s from contract_stage where merchant_id = m and operation_id = p_about;
  if not found then
    return;
  end if;
  select * into c from contract where merchant_id = m and id = s.contract_id for update;
  if s.no <> c.paid then
    raise exception 'stage % of contract % is not the last', s.no, c.id using errcode = 'GT060';
  end if;
  update contract_stage set reversed_by = p_id where merchant_id = m and operation_id = p_about;
  update contract set paid = c.paid - 1,
         next_on = case when ended_at is null then stage_day((select p.body from contract_plan p
           where p.merchant_id = m and p.id = c.plan_id and p.version = c.plan_version), c.signed_on, c.paid) end
   where merchant_id = m and id = c.id;
end $$;

-- She does not go on, or the shop does not. Nothing is owed: what was paid stays hers as stored value, and goes back by
-- settlement if she likes. Whoever may set prices, or somebody's approval who may.
create function end_contract(p_id uuid, p_staff int, p_approver int, p_till int, p_reason text) returns bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  c contract%rowtype;
begin
  perform refuse_transfer(m, p_staff, p_approver);
  select * into c from contract where merchant_id = m and id = p_id for update;
  if c.next_on is null then
    raise exception 'contract % is over', p_id using errcode = 'GT061';
  end if;
  update contract set next_on = null, ended_at = clock_timestamp(), ended_by = p_staff, approver_id = p_approver, till_id = p_till, reason = btrim(p_reason)
   where merchant_id = m and id = p_id;
  perform note_edit(m, survivor(m, c.member_id), p_staff, p_till, array['contract ended']);
  return survivor(m, c.member_id);
end $$;

-- What was paid of a contract, stage by stage.
create function stages_paid(m int, p_contract uuid) returns jsonb
language sql stable
as $$
  select coalesce(jsonb_agg(jsonb_build_object('operation_id', o.id, 'on', o.business_on, 'seq', o.seq) order by s.no), '[]')
    from contract_stage s join operation o on o.merchant_id = m and o.id = s.operation_id
   where s.merchant_id = m and s.contract_id = p_contract and s.reversed_by is null
$$;

-- The contracts somebody signed under any of these names and still pays.
create function contracts_of(m int, p_names bigint[]) returns jsonb
language sql stable
as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'plan', jsonb_build_object('id', c.plan_id, 'version', c.plan_version), 'name', p.name,
      'stages', p.body -> 'stages', 'signed_on', c.signed_on, 'paid', stages_paid(m, c.id)) order by c.next_on, c.id), '[]')
    from contract c join contract_plan p on p.merchant_id = m and p.id = c.plan_id and p.version = c.plan_version
   where c.merchant_id = m and c.member_id = any (p_names) and c.next_on is not null
$$;

-- Stages that are due by p_to, the longest overdue first, by keyset; in the shape of a reminder.
create function stages_due(m int, p_to date, p_after_on date, p_after_id uuid, p_limit int)
returns table (grant_id uuid, member_id bigint, name text, phone text, service text, package text, unit text, quantity bigint, day date,
               used_on date, expires_on date)
language sql stable
as $$
  select c.id, t.id, t.name,
         (select left(x.value, 3) || '****' || right(x.value, 4) from credential x
           where x.merchant_id = m and x.member_id = t.id and x.kind = 'phone' limit 1),
         p.name, format('%s/%s', c.paid + 1, jsonb_array_length(p.body -> 'stages')), 'fen', (p.body #>> array['stages', c.paid::text, 'amount'])::bigint, c.next_on,
         (select max(o.business_on) from contract_stage s join operation o on o.merchant_id = m and o.id = s.operation_id
           where s.merchant_id = m and s.contract_id = c.id and s.reversed_by is null), null::date
    from (select * from contract y
           where y.merchant_id = m and y.next_on <= p_to and (y.next_on, y.id) > (coalesce(p_after_on, '-infinity'), p_after_id)
           order by y.next_on, y.id limit p_limit) c
    join contract_plan p on p.merchant_id = m and p.id = c.plan_id and p.version = c.plan_version
    join member b on b.merchant_id = m and b.id = c.member_id
    join member t on t.merchant_id = m and t.id = coalesce(b.merged_into, b.id)
   order by c.next_on, c.id
$$;

-- A plan, new when its id is 0: every edit is a new version, and who signed an older one keeps it.
create function save_contract_plan(p_editor int, p jsonb) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  v_id int;
  v_version int;
begin
  perform refuse_editor(m, p_editor);
  select * into v_id, v_version from next_version(m, 'contract_plan', p);
  insert into contract_plan (merchant_id, id, version, name, active, body)
    values (m, v_id, v_version, p ->> 'name', (p ->> 'active')::boolean, p - 'id' - 'version' - 'name' - 'active');
  perform tell(m, 'contract');
  return v_id;
end $$;

grant select on contract, contract_stage to guitai_app;
grant execute on function save_contract_plan, end_contract to guitai_app;
-- verify computes the days again.
grant execute on function stage_day to guitai_app;

reset role;
