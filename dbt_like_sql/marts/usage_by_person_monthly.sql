{{ config(materialized='table', meta={'grain': 'local_month', 'context_days': 31}) }}

with people as (

    select * from {{ ref('int_people_summed') }}

),

months as (

    select distinct local_month from people

),

previous_months as (

    select
        *,
        cast(local_month + interval 1 month as date) as next_month
    from people

),

known_months as (

    select
        months.local_month,
        count(earlier.local_month) > 0 as has_previous
    from months
    left join months as earlier
        on months.local_month = cast(earlier.local_month + interval 1 month as date)
    group by months.local_month

),

people_of_months as (

    select
        local_month,
        person_id
    from people
    union
    select
        next_month as local_month,
        person_id
    from previous_months

),

compared as (

    select
        people_of_months.local_month,
        people_of_months.person_id,
        coalesce(people.name, previous_months.name) as name,
        coalesce(people.site, previous_months.site) as site,
        coalesce(people.department, previous_months.department) as department,
        coalesce(people.cost_centre, previous_months.cost_centre) as cost_centre,
        coalesce(people.active_days, 0) as active_days,
        coalesce(people.messages, 0) as messages,
        coalesce(people.file_transfers, 0) as file_transfers,
        coalesce(people.internal, 0) as internal,
        coalesce(people.between_sites, 0) as between_sites,
        coalesce(people.external, 0) as external,
        coalesce(people.deliveries, 0) as deliveries,
        coalesce(people.characters, 0) as characters,
        coalesce(people.kilobytes, 0) as kilobytes,
        coalesce(people.file_megabytes, 0) as file_megabytes,
        coalesce(people.conversations, 0) as conversations,
        coalesce(people.received, 0) as received,
        coalesce(people.received_kilobytes, 0) as received_kilobytes,
        people.first_sent_at,
        people.last_sent_at,
        coalesce(people.messages + people.file_transfers, 0) as sent,
        case
            when known_months.has_previous
                then coalesce(previous_months.messages + previous_months.file_transfers, 0)
        end as previous_sent,
        people_of_months.person_id <> 'unknown' as is_known
    from people_of_months
    inner join known_months on people_of_months.local_month = known_months.local_month
    left join people
        on
            people_of_months.local_month = people.local_month
            and people_of_months.person_id = people.person_id
    left join previous_months
        on
            people_of_months.local_month = previous_months.next_month
            and people_of_months.person_id = previous_months.person_id

),

final as (

    select
        local_month,
        person_id,
        name,
        site,
        department,
        cost_centre,
        active_days,
        messages,
        file_transfers,
        internal,
        between_sites,
        external,
        deliveries,
        characters,
        kilobytes,
        file_megabytes,
        conversations,
        received,
        received_kilobytes,
        first_sent_at,
        last_sent_at,
        previous_sent,
        sent - previous_sent as change,
        case
            when previous_sent > 0
                then
                    cast(
                        (2000 * sent + previous_sent) // (2 * previous_sent) - 1000
                        as decimal(16, 0)
                    )
                    * cast(0.1 as decimal(2, 1))
        end as change_percent,
        case
            when is_known
                then rank() over (partition by local_month, is_known order by sent desc)
        end as top_rank,
        case
            when is_known
                then rank() over (partition by local_month, is_known order by sent)
        end as bottom_rank,
        case
            when is_known
                then rank() over (partition by local_month, is_known, site order by sent desc)
        end as top_rank_at_site
    from compared

)

select * from final
