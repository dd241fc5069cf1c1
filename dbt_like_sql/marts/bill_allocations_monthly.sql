{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with bills as (

    select * from {{ source('inputs', 'bills') }}

),

messages as (

    select * from {{ ref('int_messages_located') }}
    where kind in ('message', 'file_transfer')

),

lines as (

    select * from {{ ref('charge_lines_monthly') }}

),

legal_entities as (

    select * from {{ source('inputs', 'legal_entities') }}

),

site_ancestors as (

    select * from {{ source('inputs', 'site_ancestors') }}

),

-- Months without a bill are not added up.
billed_months as (

    select distinct local_month from bills
    where basis <> 'charge'

),

usage as (

    select
        billed_months.local_month,
        messages.local_date,
        messages.person_id,
        messages.site,
        messages.department,
        messages.cost_centre,
        sum(case messages.kind when 'message' then 1 else 0 end) as messages,
        sum(case messages.kind when 'file_transfer' then 1 else 0 end) as file_transfers,
        sum(len(messages.recipients)) as deliveries,
        sum(coalesce(messages.body_bytes, 0)) as body_bytes,
        sum(
            case messages.kind
                when 'file_transfer'
                    then
                        cast(
                            least(
                                coalesce(messages.file_bytes, 0), {{ var('largest_file_bytes') }}
                            ) as decimal(38, 0)
                        )
                else 0
            end
        ) as file_bytes,
        min(messages.sent_at) as first_sent_at
    from messages
    inner join billed_months
        on cast(date_trunc('month', messages.local_date) as date) = billed_months.local_month
    group by
        billed_months.local_month,
        messages.local_date,
        messages.person_id,
        messages.site,
        messages.department,
        messages.cost_centre

),

-- What counts for a bill: the usage of its legal entity, at or below its site.
used as (

    select
        bills.bill,
        bills.basis,
        bills.dimension,
        legal_entities.legal_entity,
        usage.*,
        row_number() over (
            partition by usage.local_month, bills.bill, usage.person_id
            order by
                usage.first_sent_at,
                legal_entities.legal_entity,
                usage.cost_centre,
                usage.department,
                usage.site
        ) as place
    from usage
    inner join bills on usage.local_month = bills.local_month
    inner join legal_entities
        on
            usage.site = legal_entities.site
            and (bills.legal_entity = '' or bills.legal_entity = legal_entities.legal_entity)
            and (
                legal_entities.valid_from is null or usage.local_date >= legal_entities.valid_from
            )
            and (legal_entities.valid_to is null or usage.local_date < legal_entities.valid_to)
    left join site_ancestors
        on
            usage.site = site_ancestors.site
            and bills.site = site_ancestors.ancestor
            and (
                site_ancestors.valid_from is null or usage.local_date >= site_ancestors.valid_from
            )
            and (site_ancestors.valid_to is null or usage.local_date < site_ancestors.valid_to)
    where
        bills.basis <> 'charge'
        and (bills.site = '' or site_ancestors.site is not null)

),

-- In the smallest steps of the basis: ones, bytes, thousandths of a currency.
measured as (

    select
        local_month,
        bill,
        dimension,
        legal_entity,
        cost_centre,
        department,
        site,
        person_id,
        cast(
            case basis
                when 'message' then messages
                when 'file_transfer' then file_transfers
                when 'delivery' then deliveries
                when 'kilobyte' then body_bytes
                when 'file_megabyte' then file_bytes
                when 'active_person' then case place when 1 then 1 else 0 end
            end as hugeint
        ) as steps
    from used
    union all
    select
        bills.local_month,
        bills.bill,
        bills.dimension,
        lines.legal_entity,
        lines.cost_centre,
        lines.department,
        lines.site,
        lines.person_id,
        cast(lines.charge * cast(1000 as decimal(4, 0)) as hugeint) as steps
    from lines
    inner join bills
        on
            lines.local_month = bills.local_month
            and (bills.legal_entity = '' or lines.legal_entity = bills.legal_entity)
    left join site_ancestors
        on
            lines.site = site_ancestors.site
            and bills.site = site_ancestors.ancestor
            and (
                site_ancestors.valid_from is null
                or last_day(lines.local_month) >= site_ancestors.valid_from
            )
            and (
                site_ancestors.valid_to is null
                or last_day(lines.local_month) < site_ancestors.valid_to
            )
    where
        bills.basis = 'charge'
        and (bills.site = '' or site_ancestors.site is not null)

),

placed as (

    select
        local_month,
        bill,
        legal_entity,
        case
            when dimension in ('cost_centre', 'person') then cost_centre
        end as cost_centre,
        case dimension
            when 'cost_centre' then cost_centre
            when 'department' then department
            when 'site' then site
            else person_id
        end as member,
        steps
    from measured

),

members as (

    select
        local_month,
        bill,
        legal_entity,
        cost_centre,
        member,
        cast(sum(steps) as hugeint) as steps
    from placed
    group by local_month, bill, legal_entity, cost_centre, member
    having sum(steps) > 0

),

totals as (

    select
        local_month,
        bill,
        cast(sum(steps) as hugeint) as steps
    from members
    group by local_month, bill

),

-- Whole numbers throughout: what is left of each division says who comes first.
divided as (

    select
        members.*,
        totals.steps as all_steps,
        abs(bills.minor_units) as whole,
        cast(abs(bills.minor_units) as hugeint) * members.steps // totals.steps as coins,
        cast(abs(bills.minor_units) as hugeint) * members.steps % totals.steps as remainder
    from members
    inner join totals
        on members.local_month = totals.local_month and members.bill = totals.bill
    inner join bills
        on members.local_month = bills.local_month and members.bill = bills.bill

),

ranked as (

    select
        *,
        whole - sum(coins) over (partition by local_month, bill) as coins_left,
        row_number() over (
            partition by local_month, bill
            order by
                remainder desc,
                steps desc,
                legal_entity asc,
                cost_centre asc nulls first,
                member asc
        ) as place
    from divided

),

parts as (

    select
        local_month,
        bill,
        legal_entity,
        cost_centre,
        member,
        steps,
        all_steps,
        coins + case when place <= coins_left then 1 else 0 end as coins
    from ranked

),

units as (

    select
        bills.*,
        case bills.basis
            when 'kilobyte' then cast(0.001 as decimal(7, 6))
            when 'charge' then cast(0.001 as decimal(7, 6))
            when 'file_megabyte' then cast(0.000001 as decimal(7, 6))
            else cast(1 as decimal(7, 6))
        end as step_value
    from bills

),

final as (

    select
        units.local_month,
        units.bill,
        units.currency,
        cast(
            cast(units.minor_units as decimal(18, 0)) * units.minor_unit as decimal(18, 3)
        ) as bill_amount,
        units.basis,
        units.dimension,
        coalesce(parts.legal_entity, units.legal_entity) as legal_entity,
        parts.cost_centre,
        coalesce(parts.member, 'unallocated') as member,
        parts.member is not null as is_allocated,
        cast(
            cast(coalesce(parts.steps, 0) as decimal(30, 0)) * units.step_value as decimal(37, 6)
        ) as used,
        cast(
            cast(coalesce(parts.all_steps, 0) as decimal(30, 0)) * units.step_value
            as decimal(37, 6)
        ) as used_in_all,
        cast(
            cast(
                case
                    when parts.member is null then units.minor_units
                    when units.minor_units < 0 then -parts.coins
                    else parts.coins
                end as decimal(18, 0)
            ) * units.minor_unit as decimal(18, 3)
        ) as amount
    from units
    left join parts on units.local_month = parts.local_month and units.bill = parts.bill

)

select * from final
