-- Expiry: what a member did not use by its last day leaves her lots at the close of a shift (PT3, SV1).
-- One operation for each member, posted like any other; principal never expires.

set role guitai_ledger;

-- Members with something whose last day is before p_business_on, the longest due first, with the lots it is
-- in; due is how many there are in all. Ordered by member, so that two tills at it lock in the same order.
create function due_expiries(p_business_on date, p_limit int) returns jsonb
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  v_members bigint[];
begin
  -- Lots that sales have emptied are forgotten first. One that is being posted to can wait for the next time.
  update lot set lapses_on = null
   where merchant_id = m and id in (
     select l.id from lot l where l.merchant_id = m and l.lapses_on < p_business_on and l.bonus = 0 and l.points = 0 for update skip locked);
  v_members := array(select distinct x.member_id from (
      select l.member_id from lot l where l.merchant_id = m and l.lapses_on < p_business_on and (l.bonus > 0 or l.points > 0)
      order by l.lapses_on, l.member_id limit p_limit) x order by x.member_id);
  return jsonb_build_object(
    'due', (select count(distinct l.member_id) from lot l where l.merchant_id = m and l.lapses_on < p_business_on and (l.bonus > 0 or l.points > 0)),
    'members', coalesce((select jsonb_agg(jsonb_build_object('id', h.member_id, 'version', h.version,
          'lots', (select jsonb_agg(jsonb_build_object('id', x.id, 'kind', x.kind, 'opened_at', x.opened_at, 'expires_on', x.expires_on,
                'principal', x.principal, 'bonus', x.bonus, 'points', x.points) order by x.expires_on, x.id)
              from lot x where x.merchant_id = m and x.member_id = h.member_id and x.lapses_on < p_business_on and (x.bonus > 0 or x.points > 0))) order by h.member_id)
        from holding h where h.merchant_id = m and h.member_id = any (v_members)), '[]'));
end $$;

-- Posts expiries of several members in one round trip and one transaction, and returns the ids of those
-- posted now. Who has changed since her plan was made is left out: plan her again.
create function post_expiries(
  p_till int, p_shift uuid, p_operator int, p_business_on date, p_happened_at timestamptz, p_plans jsonb
) returns setof uuid
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  m int := seat_merchant();
  e record;
  v_answer bigint[];
begin
  -- As every posting locks: the till, then the member.
  perform from till where merchant_id = m and id = p_till for update;
  for e in
    select * from jsonb_to_recordset(p_plans)
      as x (id uuid, member_id bigint, version bigint, request_hash text, document jsonb, accounts account[], amounts bigint[], lots uuid[],
             principals bigint[], bonuses bigint[], points bigint[])
    order by x.member_id
  loop
    perform from holding where merchant_id = m and member_id = e.member_id and version = e.version for update;
    continue when not found;
    v_answer := post(
      e.id, 'expiry', p_till, p_shift, p_operator, null, e.member_id, e.version, p_business_on, p_happened_at, null,
      0, false, null, null, null, null, null, null, e.accounts, e.amounts, e.lots, e.principals, e.bonuses, e.points, null, null, null, e.document, decode(e.request_hash, 'hex'));
    if v_answer[1] = 0 then
      return next e.id;
    end if;
  end loop;
end $$;

-- The database's own wall: an expiry empties points or bonus of lots whose last day is past, and does
-- nothing else.
create function refuse_early_expiry(m int, p_id uuid, p_business_on date) returns void
language plpgsql
as $$
begin
  if exists (
    select from posting p left join lot l on l.merchant_id = m and l.id = p.lot_id
     where p.merchant_id = m and p.operation_id = p_id
       and case p.account
             when 'points' then p.amount >= 0 or l.points <> 0
             when 'bonus' then p.amount >= 0 or l.bonus <> 0
             when 'points_expired' then false
             when 'bonus_expired' then false
             else true
           end
        or p.merchant_id = m and p.operation_id = p_id and p.lot_id is not null and coalesce(l.expires_on >= p_business_on, true)
  ) then
    raise exception 'operation % lets go what has not expired', p_id using errcode = 'GT017';
  end if;
end $$;

grant execute on function due_expiries, post_expiries to guitai_app;

reset role;
