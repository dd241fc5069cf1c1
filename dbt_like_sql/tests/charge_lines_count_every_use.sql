{{ config(severity='error', meta={'grain': 'local_month'}) }}

with lines as (

    select
        local_month,
        usage_type,
        sum(uses) as charged
    from {{ ref('charge_lines_monthly') }}
    group by local_month, usage_type

),

sent as (

    select
        cast(date_trunc('month', local_date) as date) as local_month,
        kind as usage_type,
        count(*) as used
    from {{ ref('int_messages_located') }}
    where kind in ('message', 'file_transfer')
    group by cast(date_trunc('month', local_date) as date), kind

),

-- A conversation, and an active person under a plan, are used once a month.
others as (

    select
        cast(date_trunc('month', local_date) as date) as local_month,
        usage_type,
        count(*) filter (where once_key is null) + count(distinct once_key) as used
    from {{ ref('int_uses_rated') }}
    where usage_type not in ('message', 'file_transfer')
    group by cast(date_trunc('month', local_date) as date), usage_type

),

fees as (

    select distinct
        local_month,
        person_id,
        plan
    from {{ ref('int_people_planned') }}
    where
        plan in (
            select plan from {{ source('inputs', 'rates') }}
            where usage_type = 'monthly_fee'
        )

),

usage as (

    select * from sent
    union all
    select * from others
    union all
    select
        local_month,
        'monthly_fee' as usage_type,
        count(*) as used
    from fees
    group by local_month

)

select
    coalesce(usage.local_month, lines.local_month) as local_month,
    coalesce(usage.usage_type, lines.usage_type) as usage_type,
    lines.charged,
    usage.used
from usage
full outer join lines
    on usage.local_month = lines.local_month and usage.usage_type = lines.usage_type
where coalesce(lines.charged, 0) <> coalesce(usage.used, 0)
