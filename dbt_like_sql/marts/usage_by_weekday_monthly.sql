{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with usage as (

    select
        *,
        cast(date_trunc('month', local_date) as date) as local_month,
        cast(extract(isodow from local_date) as integer) as weekday
    from {{ ref('int_usage_summed') }}

),

summed as (

    select
        local_month,
        site,
        weekday,
        count(distinct case when conversation is not null then local_date end) as active_days,
        count(distinct active_person_id) as active_people,
        count(distinct person_id) as participants,
        cast(sum(messages) as bigint) as messages,
        cast(sum(file_transfers) as bigint) as file_transfers,
        cast(sum(internal) as bigint) as internal,
        cast(sum(between_sites) as bigint) as between_sites,
        cast(sum(external) as bigint) as external,
        cast(sum(deliveries) as bigint) as deliveries,
        cast(sum(characters) as bigint) as characters,
        cast(sum(body_bytes) as decimal(30, 0)) * cast(0.001 as decimal(4, 3)) as kilobytes,
        cast(sum(billed_file_bytes) as decimal(30, 0)) * cast(0.000001 as decimal(7, 6))
            as file_megabytes,
        count(distinct conversation) as conversations,
        cast(sum(received) as bigint) as received,
        cast(sum(received_body_bytes) as decimal(30, 0)) * cast(0.001 as decimal(4, 3))
            as received_kilobytes,
        min(first_sent_at) as first_sent_at,
        max(last_sent_at) as last_sent_at
    from usage
    group by local_month, site, weekday

),

days_counted as (

    select
        *,
        cast(
            4 + case
                when
                    (weekday - extract(isodow from local_month) + 7) % 7
                    < extract(day from last_day(local_month)) - 28
                    then 1
                else 0
            end as integer
        ) as days
    from summed

),

final as (

    select
        local_month,
        site,
        weekday,
        case weekday
            when 1 then 'mon'
            when 2 then 'tue'
            when 3 then 'wed'
            when 4 then 'thu'
            when 5 then 'fri'
            when 6 then 'sat'
            else 'sun'
        end as weekday_name,
        days,
        active_days,
        active_people,
        participants,
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
        cast((2000 * (messages + file_transfers) + days) // (2 * days) as decimal(14, 0))
        * cast(0.001 as decimal(4, 3)) as average_per_day,
        first_sent_at,
        last_sent_at
    from days_counted

)

select * from final
