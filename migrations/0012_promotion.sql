-- Promotions where money moves (PR1), and what one would have cost.

set role guitai_ledger;

-- Whether a promotion holds at a moment, on the shop's clock: When::holds of the domain. Half past midnight belongs to
-- the evening before.
create function promotion_holds(p_body jsonb, p_at timestamptz) returns boolean
language plpgsql stable
as $$
declare
  v_local timestamp := p_at at time zone 'Asia/Shanghai';
  v_day date := v_local::date;
  v_time time := v_local::time;
  v_from time := (p_body #>> '{when,hours,0}')::time;
  v_to time := (p_body #>> '{when,hours,1}')::time;
begin
  if v_from < v_to and not (v_time >= v_from and v_time < v_to) or v_from >= v_to and not (v_time >= v_from or v_time < v_to) then
    return false;
  end if;
  if v_from >= v_to and v_time < v_to then
    v_day := v_day - 1;
  end if;
  return coalesce((p_body #>> '{when,from}')::date <= v_day, true)
    and coalesce(v_day <= (p_body #>> '{when,until}')::date, true)
    and (coalesce(jsonb_array_length(p_body #> '{when,weekdays}'), 0) = 0
      or p_body #> '{when,weekdays}' @> to_jsonb(extract(isodow from v_day)::int));
end $$;

-- The lines of a sale that a promotion made cheaper: each reduction names a rule in its newest version that held when the
-- sale was priced, and the reductions of a line add up. A price that was told outlives the hours of its rule by half an
-- hour. A rule that was edited meanwhile is no longer what the customer saw: the till prices anew.
create function refuse_promotions(
  m int, p_store int, p_member bigint, p_happened_at timestamptz, p_accounts account[], p_lines jsonb, p_document jsonb
) returns void
language plpgsql
as $$
declare
  r record;
  p promotion%rowtype;
  v_at timestamptz := (p_document ->> 'priced_at')::timestamptz;
begin
  if (v_at between p_happened_at - interval '30 minutes' and p_happened_at) is not true then
    raise exception 'priced at %, not at %', v_at, p_happened_at using errcode = 'GT004';
  end if;
  if exists (
    select from jsonb_array_elements(p_lines) l
     where (l ->> 'list')::bigint - (l ->> 'net')::bigint is distinct from (
         select sum((e ->> 'fen')::bigint) filter (where (e ->> 'fen')::bigint > 0) from jsonb_array_elements(l -> 'reductions') e)
       and (l ->> 'list' <> l ->> 'net' or l -> 'reductions' <> '[]')
  ) then
    raise exception 'reductions do not add up: %', p_lines using errcode = 'GT004';
  end if;
  -- Each rule once, by its key.
  for r in
    select distinct x ->> 'reason' as reason, (x #>> '{rule,id}')::int as id, (x #>> '{rule,version}')::int as version
      from jsonb_path_query(p_lines, '$[*].reductions[*] ? (!exists(@ ? (@.reason == "level" || @.reason == "member_price" || @.reason == "override" || @.reason == "coupon" || @.reason == "points")))') x
  loop
    select * into p from promotion where merchant_id = m and id = r.id order by version desc limit 1;
    if not found or r.reason not in ('promotion', 'order', 'gift') or p.version is distinct from r.version or not p.active
       or not promotion_holds(p.body, v_at)
       or not (coalesce(p.body #> '{who,stores}', '[]') = '[]' or p.body #> '{who,stores}' @> to_jsonb(p_store))
       or (p_member is null and p.body #> '{who,members_only}' = 'true')
       or (p.body -> 'by_stored_value' = 'true' and not p_accounts <@ '{revenue,discount,rounding,unearned}') then
      raise exception 'a rule is not in force: %', r using errcode = 'GT001';
    end if;
  end loop;
end $$;

-- The sales of some business days at every store, the last day first, in the order of their tills, as they can be priced again. The level is the
-- one the member had: what the next change of it began from, else today's.
create function past_sales(p_from date, p_to date, p_limit int)
returns table (id uuid, seq bigint, at timestamptz, till_id int, till text, member text, level_id int, stored boolean, lines jsonb)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
  select o.id, o.seq, o.happened_at, o.till_id, t.name, b.name, coalesce(c.level_id, h.level_id),
         o.accounts <@ '{revenue,discount,rounding,unearned}' and exists (select from unnest(o.principals, o.bonuses) as x (p, b) where p < 0 or b < 0),
         (select jsonb_agg(l.line || jsonb_build_object('category_id', p.category_id, 'member_price', p.member_price) order by l.no)
            from jsonb_array_elements(o.lines) with ordinality as l (line, no)
            left join product p on p.merchant_id = o.merchant_id and p.id = (l.line ->> 'product_id')::int)
  from shift s
  join till t on t.merchant_id = s.merchant_id and t.id = s.till_id
  join operation o on o.merchant_id = s.merchant_id and o.till_id = s.till_id
    and o.seq between s.first_seq and coalesce(s.last_seq, 9223372036854775807) and o.shift_id = s.id
  left join member b on b.merchant_id = o.merchant_id and b.id = o.member_id
  left join holding h on h.merchant_id = o.merchant_id and h.member_id = o.member_id
  left join lateral (
    select x.from_level_id as level_id from operation n
      join level_change x on x.merchant_id = n.merchant_id and x.operation_id = n.id
     where n.merchant_id = o.merchant_id and n.member_id = o.member_id and n.version_after >= o.version_after and n.level_id is not null
     order by n.version_after limit 1) c on true
  where s.merchant_id = (select seat_merchant()) and s.business_on between p_from and p_to and o.kind = 'sale'
  order by s.business_on desc, o.till_id, o.seq
  limit p_limit
$$;

grant execute on function past_sales to guitai_app;

reset role;
