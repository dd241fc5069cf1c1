{{ config(severity='error', meta={'grain': 'local_month'}) }}

with lines as (

    select
        local_month,
        sum(uses) as charged
    from {{ ref('charge_lines_monthly') }}
    where usage_type in ('message', 'file_transfer')
    group by local_month

),

usage as (

    select
        cast(date_trunc('month', local_date) as date) as local_month,
        sum(messages + file_transfers) as used
    from {{ ref('usage_by_person_daily') }}
    group by cast(date_trunc('month', local_date) as date)

)

select
    usage.local_month,
    lines.charged,
    usage.used
from usage
left join lines on usage.local_month = lines.local_month
where coalesce(lines.charged, 0) <> usage.used
