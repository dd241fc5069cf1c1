{{ config(severity='error', meta={'grain': 'local_date'}) }}

with conversations as (

    select
        local_date,
        sum(messages) as messages,
        sum(file_transfers) as file_transfers,
        sum(deliveries) as deliveries
    from {{ ref('usage_by_conversation_daily') }}
    group by local_date

),

people as (

    select
        local_date,
        sum(messages) as messages,
        sum(file_transfers) as file_transfers,
        sum(deliveries) as deliveries
    from {{ ref('usage_by_person_daily') }}
    group by local_date

)

select
    coalesce(conversations.local_date, people.local_date) as local_date,
    conversations.messages as messages_of_conversations,
    people.messages as messages_of_people,
    conversations.file_transfers as file_transfers_of_conversations,
    people.file_transfers as file_transfers_of_people,
    conversations.deliveries as deliveries_of_conversations,
    people.deliveries as deliveries_of_people
from conversations
full outer join people on conversations.local_date = people.local_date
where
    coalesce(conversations.messages, 0) <> coalesce(people.messages, 0)
    or coalesce(conversations.file_transfers, 0) <> coalesce(people.file_transfers, 0)
    or coalesce(conversations.deliveries, 0) <> coalesce(people.deliveries, 0)
