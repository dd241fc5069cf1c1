{{ config(materialized='table', meta={'grain': 'local_month', 'context_days': 31}) }}

with sites as (

    select * from {{ ref('usage_by_site_monthly') }}

),

departments as (

    select * from {{ ref('usage_by_department_monthly') }}

),

cost_centres as (

    select * from {{ ref('usage_by_cost_centre_monthly') }}

),

months_used as (

    select
        local_month,
        'site' as dimension,
        cast(null as varchar) as legal_entity,
        cast(null as varchar) as cost_centre,
        site,
        cast(null as varchar) as department,
        active_people,
        messages + file_transfers as sent,
        received
    from sites
    union all
    select
        local_month,
        'department' as dimension,
        cast(null as varchar) as legal_entity,
        cast(null as varchar) as cost_centre,
        site,
        department,
        active_people,
        messages + file_transfers as sent,
        received
    from departments
    union all
    select
        local_month,
        'cost_centre' as dimension,
        legal_entity,
        cost_centre,
        cast(null as varchar) as site,
        cast(null as varchar) as department,
        active_people,
        messages + file_transfers as sent,
        received
    from cost_centres

),

months as (

    select
        local_month,
        cast(local_month + interval 1 month as date) as next_month
    from months_used
    group by local_month

),

known_months as (

    select
        months.local_month,
        earlier.local_month is not null as has_previous
    from months
    left join months as earlier on months.local_month = earlier.next_month

),

beside as (

    select
        local_month,
        dimension,
        legal_entity,
        cost_centre,
        site,
        department,
        active_people,
        sent,
        received,
        0 as previous_active_people,
        0 as previous_sent,
        0 as previous_received
    from months_used
    union all
    select
        cast(local_month + interval 1 month as date) as local_month,
        dimension,
        legal_entity,
        cost_centre,
        site,
        department,
        0 as active_people,
        0 as sent,
        0 as received,
        active_people as previous_active_people,
        sent as previous_sent,
        received as previous_received
    from months_used

),

summed as (

    select
        beside.local_month,
        known_months.has_previous,
        beside.dimension,
        beside.legal_entity,
        beside.cost_centre,
        beside.site,
        beside.department,
        max(beside.active_people) as active_people,
        max(beside.sent) as sent,
        max(beside.received) as received,
        max(beside.previous_active_people) as previous_active_people,
        max(beside.previous_sent) as previous_sent,
        max(beside.previous_received) as previous_received
    from beside
    inner join known_months on beside.local_month = known_months.local_month
    group by
        beside.local_month,
        known_months.has_previous,
        beside.dimension,
        beside.legal_entity,
        beside.cost_centre,
        beside.site,
        beside.department

),

final as (

    select
        local_month,
        dimension,
        legal_entity,
        cost_centre,
        site,
        department,
        active_people,
        sent,
        received,
        case when has_previous then previous_active_people end as previous_active_people,
        case when has_previous then previous_sent end as previous_sent,
        case when has_previous then previous_received end as previous_received,
        case when has_previous then sent - previous_sent end as change,
        case
            when previous_sent > 0
                then
                    cast(
                        (2000 * sent + previous_sent) // (2 * previous_sent) - 1000
                        as decimal(16, 0)
                    )
                    * cast(0.1 as decimal(2, 1))
        end as change_percent
    from summed

)

select * from final
