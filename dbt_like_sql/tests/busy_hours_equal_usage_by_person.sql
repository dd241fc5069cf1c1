{{ config(severity='error', meta={'grain': 'local_month'}) }}

with hours as (

    select
        local_month,
        sum(messages) as messages,
        sum(file_transfers) as file_transfers,
        sum(received) as received
    from {{ ref('busy_hours_monthly') }}
    group by local_month

),

people as (

    select
        local_month,
        sum(messages) as messages,
        sum(file_transfers) as file_transfers,
        sum(received) as received
    from {{ ref('usage_by_person_monthly') }}
    group by local_month

)

select
    coalesce(hours.local_month, people.local_month) as local_month,
    hours.messages as messages_of_hours,
    people.messages as messages_of_people,
    hours.file_transfers as file_transfers_of_hours,
    people.file_transfers as file_transfers_of_people,
    hours.received as received_of_hours,
    people.received as received_of_people
from hours
full outer join people on hours.local_month = people.local_month
where
    coalesce(hours.messages, 0) <> coalesce(people.messages, 0)
    or coalesce(hours.file_transfers, 0) <> coalesce(people.file_transfers, 0)
    or coalesce(hours.received, 0) <> coalesce(people.received, 0)
