-- Paid beforehand outside of top-ups: unregistered gift cards (SV10).

set role guitai_ledger;

-- SV10: who bought so much on unregistered cards at once that the law asks for her name. Apart from the ledger and on no
-- receipt, because it is about a person; kept for five years at least.
create table card_buyer (
  merchant_id int not null,
  operation_id uuid not null,
  at timestamptz not null default clock_timestamp(),
  -- person or unit
  kind text not null,
  name text not null,
  -- The end of the number of the document that was shown.
  tail text not null,
  constraint card_buyer_operation foreign key (merchant_id, operation_id) references operation,
  constraint card_buyer_kind check (kind in ('person', 'unit')),
  constraint card_buyer_name check (btrim(name) <> '' and length(name) <= 100 and length(tail) = 4)
);
alter table card_buyer add constraint card_buyer_pkey primary key (merchant_id, operation_id);

-- Five years are to be kept; what is older may go, by the owner of the tables.
create function refuse_early_loss() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'DELETE' and old.at < clock_timestamp() - interval '5 years' then
    return old;
  end if;
  raise exception 'kept for five years: % on %', tg_op, tg_table_name using errcode = 'GT900';
end $$;

do $$
begin
  create trigger card_buyer_no_change before update or delete on card_buyer for each row execute function refuse_early_loss();
  create trigger card_buyer_no_truncate before truncate on card_buyer for each statement execute function refuse_early_loss();
  alter table card_buyer enable always trigger card_buyer_no_change;
  alter table card_buyer enable always trigger card_buyer_no_truncate;
end $$;

-- SV10 where it is enforced, and OP3: all cards that somebody sold in her shift without approval count towards what she
-- may load by herself, whatever the profile.
create function refuse_card_sale(m int, p_shift uuid, p_operator int, p_approver int, p_way text, p_buyer jsonb, p_cards jsonb) returns void
language plpgsql
as $$
declare
  v_total bigint := (select sum((c ->> 'amount')::bigint) from jsonb_array_elements(p_cards) c);
  v_alone bigint;
begin
  if (select limits_profile from merchant where merchant_id = m)::text = 'enforce' and (
       exists (select from jsonb_array_elements(p_cards) c where (c ->> 'amount')::bigint > 100000)
       or (v_total >= 1000000 and p_buyer ->> 'name' is null)
       or (p_way = 'cash' and v_total >= case p_buyer ->> 'kind' when 'unit' then 500000 else 5000000 end)) then
    raise exception 'cards of % fen are beyond the limits', v_total using errcode = 'GT051';
  end if;
  if p_approver is null then
    select coalesce(sum((o.document ->> 'amount')::bigint), 0) into v_alone from operation o
     where o.merchant_id = m and o.shift_id = p_shift and o.operator_id = p_operator and o.approver_id is null
       and o.kind = 'top_up' and o.document ? 'card'
       and not exists (select from operation r where r.merchant_id = m and r.about_id = o.id and r.kind = 'top_up_reversal');
    if v_alone + v_total > (select r.top_up_max from staff s join role_limit r on r.merchant_id = s.merchant_id and r.role = s.role
         where s.merchant_id = m and s.id = p_operator and s.active) is not false then
      raise exception 'cards of % fen need approval', v_alone + v_total using errcode = 'GT006';
    end if;
  end if;
end $$;

-- Cards are sold: each becomes a member of its kind with its credential, and its load is an operation of its own; all of
-- them or none, in one round trip. Each of p_cards is {id, code, is_minted, amount, lot, document}; the first has p_id.
-- A card that is somebody's already is refused (GT050), whichever of two tills was later.
create function sell_cards(
  p_id uuid, p_till int, p_shift uuid, p_operator int, p_approver int, p_business_on date, p_happened_at timestamptz,
  p_way text, p_buyer jsonb, p_cards jsonb, p_request_hash bytea
) returns bigint[]
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  c record;
  v_store int;
  v_level int;
  v_member bigint;
  v_answer bigint[];
  v_first bigint[];
begin
  -- As every posting locks: the till first.
  select store_id into v_store from till where merchant_id = m and id = p_till for update;
  if exists (select from operation where merchant_id = m and id = p_id) then
    return first_answer(p_id, p_till, p_request_hash);
  end if;
  if p_cards #>> '{0,id}' is distinct from p_id::text or jsonb_array_length(p_cards) > 50 or p_way not in ('cash', 'wechat', 'alipay', 'bank_card')
     or exists (select from jsonb_array_elements(p_cards) x where ((x ->> 'amount')::bigint > 0) is not true) then
    raise exception 'no sale of cards' using errcode = 'GT004';
  end if;
  perform refuse_card_sale(m, p_shift, p_operator, p_approver, p_way, p_buyer, p_cards);
  select id into v_level from level where merchant_id = m order by rank limit 1;
  for c in select * from jsonb_to_recordset(p_cards) as t (id uuid, code text, is_minted boolean, amount bigint, lot uuid, document jsonb) loop
    insert into member (merchant_id, name, home_store_id, joined_on, is_bearer)
      values (m, '*' || right(c.code, 4), v_store, p_business_on, true) returning id into v_member;
    insert into credential (merchant_id, value, kind, member_id)
      values (m, c.code, case when c.is_minted then 'code' else 'card' end::credential_kind, v_member) on conflict do nothing;
    if not found then
      raise exception 'a card is somebody''s' using errcode = 'GT050';
    end if;
    insert into holding (merchant_id, member_id, level_id) values (m, v_member, v_level);
    v_answer := post(
      c.id, 'top_up', p_till, p_shift, p_operator, p_approver, v_member, 0, p_business_on, p_happened_at, null,
      0, false, null, null, null, null, null, null, array[p_way]::account[], array[- c.amount], array[c.lot], array[c.amount], '{0}', '{0}',
      null, jsonb_build_array(jsonb_build_object('id', c.lot, 'kind', 'stored_value')), null,
      c.document || jsonb_build_object('level_id', v_level), p_request_hash);
    v_first := coalesce(v_first, v_answer);
  end loop;
  if p_buyer ->> 'name' is not null then
    insert into card_buyer (merchant_id, operation_id, kind, name, tail)
      values (m, p_id, p_buyer ->> 'kind', btrim(p_buyer ->> 'name'), p_buyer ->> 'tail');
  end if;
  return v_first;
end $$;

-- Who bought, for whoever may take personal data out of the shop; the look is kept first (PV2). Null when nobody was named.
create function card_buyer_of(p_operation uuid, p_staff int, p_till int, p_reason text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
begin
  perform disclose(m, 'reveal', p_staff, p_till, null, 'buyer of gift cards', 1, p_reason);
  return (select jsonb_build_object('kind', b.kind, 'name', b.name, 'tail', b.tail, 'at', b.at)
    from card_buyer b where b.merchant_id = m and b.operation_id = p_operation);
end $$;

-- verify looks whether the sale is there; names are read by card_buyer_of alone.
grant select (merchant_id, operation_id) on card_buyer to guitai_app;
grant execute on function sell_cards, card_buyer_of to guitai_app;

reset role;
