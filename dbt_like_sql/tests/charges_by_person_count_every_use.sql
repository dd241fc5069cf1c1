{{ config(severity='error', meta={'grain': 'local_month'}) }}

with charges as (

    select
        local_month,
        sum(messages + file_transfers) as charged
    from {{ ref('charges_by_person_monthly') }}
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
    charges.charged,
    usage.used
from usage
left join charges on usage.local_month = charges.local_month
where coalesce(charges.charged, 0) <> usage.used
