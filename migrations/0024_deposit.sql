-- Prepayments for one order (SV6): what is ordered, its price and its day stand in the terms of a claim that is counted in
-- fen. It pays for that order and for nothing else, goes back, or is forfeited as far as the law lets.

set role guitai_ledger;

-- What of a prepayment may be kept, in fen: of earnest money (定金) a fifth of the price (民法典 586), of any other nothing.
create function deposit_kept_most(p_terms jsonb) returns bigint
language sql stable
as $$
  select case when p_terms #> '{order,earnest}' = 'true' then least((p_terms ->> 'quantity')::bigint, (p_terms ->> 'price')::bigint / 5) else 0 end
$$;

-- A prepayment is one claim, of whoever paid: as many fen as came in, for an order with its price and its day. It earns
-- nothing and touches no balance, and nobody pays more beforehand than the order costs.
create function refuse_other_deposit(m int, p_id uuid) returns void
language plpgsql
as $$
declare
  o operation%rowtype;
  v_paid bigint;
begin
  select * into o from operation where merchant_id = m and id = p_id;
  select coalesce(sum(a.amount), 0) into v_paid from unnest(o.accounts, o.amounts) as a (account, amount) where a.account = 'unearned';
  if o.about_id is not null or o.spend <> 0 or o.visit or o.level_id is not null or o.lines is not null
     or cardinality(o.lots) > 0 or jsonb_array_length(o.extras -> 'grants') is distinct from 1 or o.extras ? 'moves'
     or exists (select from member t where t.merchant_id = m and t.id = o.member_id and t.is_bearer)
     or exists (select from unnest(o.accounts, o.amounts) as a (account, amount) where a.account <> 'unearned' and a.amount > 0)
     or v_paid <= 0 or v_paid is distinct from (o.document ->> 'amount')::bigint
     or not exists (
       select from member_grant g
        where g.merchant_id = m and g.operation_id = o.id and g.member_id = o.member_id and g.no = 1
          and g.quantity = v_paid and g.value = v_paid and g.product_id is null and g.rule_id is null and g.expires_on is null
          and (g.terms ->> 'quantity')::bigint = v_paid and (g.terms ->> 'value')::bigint = v_paid and g.terms ->> 'unit' = 'fen'
          and (g.terms ->> 'price')::bigint >= v_paid and btrim(g.terms ->> 'name') <> '' and length(g.terms ->> 'name') <= 200
          and (g.terms #>> '{order,due_on}')::date is not null and jsonb_typeof(g.terms #> '{order,earnest}') = 'boolean') then
    raise exception 'not a prepayment for one order' using errcode = 'GT004';
  end if;
end $$;

-- Kept is what the law lets (GT035), for a reason, with the approval of somebody else; the rest goes back in the same operation.
create function refuse_other_forfeit(m int, p_id uuid) returns void
language plpgsql
as $$
declare
  o operation%rowtype;
  v_kept bigint;
  v_back bigint;
  v_terms jsonb;
begin
  select * into o from operation where merchant_id = m and id = p_id;
  if o.approver_id is null then
    raise exception 'forfeiting needs approval' using errcode = 'GT006';
  end if;
  select coalesce(sum(a.amount) filter (where a.account = 'breakage'), 0), coalesce(sum(a.amount) filter (where a.account not in ('breakage', 'unearned')), 0)
    into v_kept, v_back from unnest(o.accounts, o.amounts) as a (account, amount);
  select g.terms into v_terms from member_grant g
   where g.merchant_id = m and g.operation_id = o.about_id and g.kind = 'deposit' and g.member_id = o.member_id
     and o.extras -> 'moves' @> jsonb_build_array(jsonb_build_object('grant_id', g.id));
  if v_terms is null or jsonb_array_length(o.extras -> 'moves') <> 1 or o.extras ? 'grants' or v_kept <= 0
     or exists (select from unnest(o.accounts, o.amounts) as a (account, amount) where a.account not in ('breakage', 'unearned') and a.amount < 0)
     or v_kept is distinct from (o.document ->> 'kept')::bigint or v_back is distinct from (o.document ->> 'amount')::bigint
     or btrim(coalesce(o.document ->> 'reason', '')) = '' then
    raise exception 'the document is not what is forfeited' using errcode = 'GT004';
  end if;
  if v_kept > deposit_kept_most(v_terms) then
    raise exception '% fen are more than may be kept', v_kept using errcode = 'GT035';
  end if;
end $$;

-- What an operation does to the claim of an order: a sale of exactly this order at the agreed price takes all of it, its return brings
-- back what was taken, everything else that takes it takes it whole. Whoever comes second finds it short (GT001).
create function move_deposit(m int, o operation, p_grant uuid, p_quantity bigint, p_value bigint) returns void
language plpgsql
as $$
declare
  g member_grant%rowtype;
begin
  select * into g from member_grant where merchant_id = m and id = p_grant for update;
  if p_quantity is distinct from p_value or p_quantity = 0 or o.kind not in ('sale', 'refund', 'settlement', 'deposit_reversal', 'forfeit')
     or (p_quantity > 0) <> (o.kind = 'refund') then
    raise exception 'order % is not paid for like this', p_grant using errcode = 'GT004';
  end if;
  if g.member_id is distinct from o.member_id or (o.kind <> 'refund' and g.quantity + p_quantity <> 0) then
    raise exception 'the prepayment % of member % is missing or short', p_grant, o.member_id using errcode = 'GT001';
  end if;
  if o.kind = 'sale' and (
       (select count(*) from sale_line l where l.merchant_id = m and l.operation_id = o.id and l.ordered ->> 'claim_id' = p_grant::text) <> 1
       or not exists (
         select from sale_line l
          where l.merchant_id = m and l.operation_id = o.id and l.ordered ->> 'claim_id' = p_grant::text
            and l.quantity = 1 and l.name = g.terms ->> 'name' and l.package is null
            and l.list = (g.terms ->> 'price')::bigint and l.net = l.list and (l.ordered ->> 'deposit')::bigint = - p_value)) then
    raise exception 'the prepayment % is for another order', p_grant using errcode = 'GT004';
  end if;
  if o.kind = 'refund' and (
       (select sum(t.quantity) from operation k cross join lateral jsonb_to_recordset(k.extras -> 'moves') as t (grant_id uuid, quantity bigint)
         where k.merchant_id = m and (k.id = o.about_id or k.about_id = o.about_id) and t.grant_id = p_grant) is distinct from 0
       or not exists (
         select from jsonb_to_recordset(o.extras -> 'returned') as r (no smallint)
           join sale_line l on l.merchant_id = m and l.operation_id = o.about_id and l.no = r.no
          where l.ordered ->> 'claim_id' = p_grant::text)) then
    raise exception 'the prepayment % is back already', p_grant using errcode = 'GT007';
  end if;
  if o.kind in ('deposit_reversal', 'forfeit') and g.operation_id is distinct from o.about_id then
    raise exception 'the prepayment % came otherwise', p_grant using errcode = 'GT004';
  end if;
  if o.kind = 'deposit_reversal' and - p_quantity <> (g.terms ->> 'quantity')::bigint then
    raise exception 'the prepayment % is not whole', p_grant using errcode = 'GT007';
  end if;
  update member_grant set quantity = quantity + p_quantity, value = value + p_value where merchant_id = m and id = p_grant;
end $$;

-- Every line that fulfils an order takes its prepayment, and every prepayment that a return brings back was of a line that returns.
create function refuse_other_orders(m int, o operation) returns void
language plpgsql
as $$
begin
  if o.kind in ('sale', 'refund') and exists (
    select l.ordered ->> 'claim_id' from sale_line l
     where l.merchant_id = m and l.operation_id = o.id and l.ordered is not null
    except
    select t.grant_id::text from jsonb_to_recordset(o.extras -> 'moves') as t (grant_id uuid)
  ) then
    raise exception 'an order is fulfilled without its prepayment' using errcode = 'GT004';
  end if;
end $$;

-- A prepayment with what became of it: what its forfeiting and its reversal are planned on.
create function read_deposit(p_id uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select jsonb_build_object(
    'id', o.id, 'seq', o.seq, 'at', o.happened_at, 'shift_id', o.shift_id, 'member_id', g.member_id, 'claim_id', g.id,
    'terms', g.terms, 'left', g.quantity, 'tenders', o.document -> 'tenders',
    'reversed', exists (select from operation k where k.merchant_id = o.merchant_id and k.about_id = o.id and k.kind = 'deposit_reversal'))
  from operation o
  join member_grant g on g.merchant_id = o.merchant_id and g.operation_id = o.id and g.kind = 'deposit'
  where o.merchant_id = (select seat_merchant()) and o.id = p_id and o.kind = 'deposit'
$$;

grant execute on function read_deposit to guitai_app;
-- verify weighs what was kept.
grant execute on function deposit_kept_most to guitai_app;

reset role;
