{{ config(severity='error', meta={'grain': 'local_date'}) }}

with usage as (

    select
        local_date,
        sum(messages + file_transfers) as counted
    from {{ ref('usage_by_person_daily') }}
    group by local_date

),

messages as (

    select
        local_date,
        count(*) as sent
    from {{ ref('messages') }}
    where kind in ('message', 'file_transfer')
    group by local_date

)

select
    coalesce(usage.local_date, messages.local_date) as local_date,
    usage.counted,
    messages.sent
from usage
full outer join messages on usage.local_date = messages.local_date
where coalesce(usage.counted, 0) <> coalesce(messages.sent, 0)
