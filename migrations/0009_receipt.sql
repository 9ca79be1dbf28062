-- Receipts and lists of operations.

set role guitai_ledger;

-- Everything a receipt says, with the names of the time of reading.
create function read_receipt(p_id uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select jsonb_build_object(
    'id', o.id, 'kind', o.kind, 'till_id', o.till_id, 'seq', o.seq, 'at', o.happened_at, 'business_on', o.business_on,
    'names', jsonb_build_object(
      'shop', m.name, 'store', s.name, 'till', t.name, 'cashier', f.name,
      'member', p.name, 'phone', (select left(c.value, 3) || '****' || right(c.value, 4) from credential c
         where c.merchant_id = o.merchant_id and c.member_id = o.member_id and c.kind = 'phone' limit 1),
      'level', (select l.name from holding h join level l on l.merchant_id = h.merchant_id and l.id = h.level_id
         where h.merchant_id = o.merchant_id and h.member_id = o.member_id)),
    'lines', coalesce((select jsonb_agg(to_jsonb(x) - 'merchant_id' - 'operation_id' - 'no' order by x.no) from sale_line x
        where x.merchant_id = o.merchant_id and x.operation_id = o.id), '[]'),
    'document', o.document,
    'after', case when o.member_id is not null then jsonb_build_object('version', o.version_after, 'principal', o.principal_after,
        'bonus', o.bonus_after, 'points', o.points_after) end)
  from operation o
  join merchant m on m.merchant_id = o.merchant_id
  join store s on s.merchant_id = o.merchant_id and s.id = o.store_id
  join till t on t.merchant_id = o.merchant_id and t.id = o.till_id
  join staff f on f.merchant_id = o.merchant_id and f.id = o.operator_id
  left join member p on p.merchant_id = o.merchant_id and p.id = o.member_id
  where o.merchant_id = (select seat_merchant()) and o.id = p_id
$$;

-- Operations of a till, or of a member at every store, newest first. amount is what was sold, loaded or
-- returned.
create function list_operations(p_till int, p_member bigint, p_before uuid, p_limit int)
returns table (id uuid, kind operation_kind, seq bigint, at timestamptz, store text, cashier text, member text,
               amount bigint, about_id uuid, reversed boolean)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
declare
  m int := seat_merchant();
  v_ids uuid[];
begin
  if p_member is not null then
    v_ids := array(select o.id from operation o
      where o.merchant_id = m and o.member_id = p_member
        and o.version_after < coalesce((select b.version_after from operation b where b.merchant_id = m and b.id = p_before), 9223372036854775807)
      order by o.version_after desc limit p_limit);
  else
    v_ids := array(select o.id from operation o
      where o.merchant_id = m and o.till_id = p_till
        and o.seq < coalesce((select b.seq from operation b where b.merchant_id = m and b.id = p_before), 9223372036854775807)
      order by o.seq desc limit p_limit);
  end if;
  return query
    select o.id, o.kind, o.seq, o.happened_at, s.name, f.name, p.name,
           coalesce((o.document ->> 'amount')::bigint,
             (select -sum(x.amount) from posting x where x.merchant_id = m and x.operation_id = o.id and o.kind = 'sale'
                 and x.account in ('principal', 'bonus', 'cash', 'wechat', 'alipay', 'bank_card'))::bigint, 0),
           o.about_id,
           case o.kind
             when 'redemption' then exists (
               select from operation k where k.merchant_id = m and k.about_id = o.id and k.kind = 'redemption_reversal')
             when 'transfer_in' then exists (
               select from operation k where k.merchant_id = m and k.about_id = o.id and k.kind = 'transfer_out')
             when 'exchange' then exists (
               select from operation k where k.merchant_id = m and k.about_id = o.id and k.kind = 'exchange_reversal')
             when 'deposit' then exists (
               select from operation k where k.merchant_id = m and k.about_id = o.id and k.kind in ('deposit_reversal', 'forfeit'))
             when 'top_up' then exists (
               select from operation k where k.merchant_id = m and k.about_id = o.id and k.kind = 'top_up_reversal')
             when 'sale' then not exists (
               select from sale_line l left join returned r on (r.merchant_id, r.operation_id, r.no) = (l.merchant_id, l.operation_id, l.no)
                where l.merchant_id = m and l.operation_id = o.id and coalesce(r.quantity, 0) < l.quantity)
             else false
           end
    from unnest(v_ids) with ordinality as u (id, turn)
    join operation o on o.merchant_id = m and o.id = u.id
    join store s on s.merchant_id = m and s.id = o.store_id
    join staff f on f.merchant_id = m and f.id = o.operator_id
    left join member p on p.merchant_id = m and p.id = o.member_id
    order by u.turn;
end $$;

-- LG7: the postings behind a member's balances.
create function statement(p_member bigint, p_before uuid, p_limit int)
returns table (operation_id uuid, kind operation_kind, at timestamptz, store text, seq bigint,
               principal bigint, bonus bigint, points bigint, principal_after bigint, bonus_after bigint, points_after bigint, units jsonb)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select o.id, o.kind, o.happened_at, s.name, o.seq,
         coalesce(sum(p.amount) filter (where p.account = 'principal'), 0)::bigint,
         coalesce(sum(p.amount) filter (where p.account = 'bonus'), 0)::bigint,
         coalesce(sum(p.amount) filter (where p.account = 'points'), 0)::bigint,
         o.principal_after, o.bonus_after, o.points_after,
         case when o.extras ?| '{grants,moves}' then (
           select jsonb_agg(jsonb_build_object('name', g.terms ->> 'name', 'unit', g.terms -> 'unit', 'quantity', u.quantity) order by g.no, g.terms ->> 'name', g.id)
             from (select a.id, a.quantity from jsonb_to_recordset(o.extras -> 'grants') as a (id uuid, quantity bigint)
                   union all select b.grant_id, b.quantity from jsonb_to_recordset(o.extras -> 'moves') as b (grant_id uuid, quantity bigint)) u
             join member_grant g on g.merchant_id = o.merchant_id and g.id = u.id) end
  from (select * from operation x where x.merchant_id = (select seat_merchant()) and x.member_id = p_member
          and x.version_after < coalesce((select b.version_after from operation b
            where b.merchant_id = (select seat_merchant()) and b.id = p_before), 9223372036854775807)
          order by x.version_after desc limit p_limit) o
  join store s on s.merchant_id = o.merchant_id and s.id = o.store_id
  left join posting p on p.merchant_id = o.merchant_id and p.operation_id = o.id
  group by o.id, o.kind, o.happened_at, s.name, o.merchant_id, o.seq, o.version_after, o.extras, o.principal_after, o.bonus_after, o.points_after
  order by o.version_after desc
$$;

grant execute on function read_receipt, list_operations, statement to guitai_app;

reset role;
