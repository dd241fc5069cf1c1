{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with hours as (

    select
        *,
        cast(date_trunc('month', local_date) as date) as local_month,
        messages + file_transfers as sent
    from {{ ref('usage_by_hour') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by local_month, site, local_hour order by sent desc, hour_start asc
        ) as place
    from hours

),

summed as (

    select
        local_month,
        site,
        local_hour,
        cast(sum(messages) as bigint) as messages,
        cast(sum(file_transfers) as bigint) as file_transfers,
        cast(sum(received) as bigint) as received,
        cast(sum(sent) as bigint) as sent,
        max(sent) as peak,
        max(case when place = 1 and sent > 0 then hour_start end) as peak_hour_start,
        cast(extract(day from last_day(local_month)) as integer) as days
    from ranked
    group by local_month, site, local_hour

),

final as (

    select
        local_month,
        site,
        local_hour,
        messages,
        file_transfers,
        received,
        cast((2000 * sent + days) // (2 * days) as decimal(14, 0)) * cast(0.001 as decimal(4, 3))
            as average_per_day,
        peak,
        peak_hour_start,
        rank() over (partition by local_month, site order by sent desc) as busy_rank
    from summed

)

select * from final
