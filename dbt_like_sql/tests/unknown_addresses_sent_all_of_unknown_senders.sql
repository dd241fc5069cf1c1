{{ config(severity='error', meta={'grain': 'local_month'}) }}

-- What unknown addresses sent is what is billed to `unknown`.
with addresses as (

    select
        local_month,
        sum(messages_sent) as messages_sent
    from {{ ref('unknown_addresses') }}
    group by local_month

),

messages as (

    select
        cast(date_trunc('month', local_date) as date) as local_month,
        count(*) as messages_sent
    from {{ ref('int_messages_located') }}
    where kind in ('message', 'file_transfer') and person_id = 'unknown'
    group by cast(date_trunc('month', local_date) as date)

)

select
    coalesce(addresses.local_month, messages.local_month) as local_month,
    addresses.messages_sent,
    messages.messages_sent as expected
from addresses
full outer join messages on addresses.local_month = messages.local_month
where coalesce(addresses.messages_sent, 0) <> coalesce(messages.messages_sent, 0)
