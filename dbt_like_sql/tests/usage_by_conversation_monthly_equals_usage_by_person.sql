{{ config(severity='error', meta={'grain': 'local_month'}) }}

with conversations as (

    select
        local_month,
        sum(messages) as messages,
        sum(file_transfers) as file_transfers
    from {{ ref('usage_by_conversation_monthly') }}
    group by local_month

),

people as (

    select
        local_month,
        sum(messages) as messages,
        sum(file_transfers) as file_transfers
    from {{ ref('usage_by_person_monthly') }}
    group by local_month

)

select
    coalesce(conversations.local_month, people.local_month) as local_month,
    conversations.messages as messages_of_conversations,
    people.messages as messages_of_people,
    conversations.file_transfers as file_transfers_of_conversations,
    people.file_transfers as file_transfers_of_people
from conversations
full outer join people on conversations.local_month = people.local_month
where
    coalesce(conversations.messages, 0) <> coalesce(people.messages, 0)
    or coalesce(conversations.file_transfers, 0) <> coalesce(people.file_transfers, 0)
