{{ config(severity='error', meta={'grain': 'local_month'}) }}

with weekdays as (

    select
        local_month,
        sum(messages) as messages,
        sum(file_transfers) as file_transfers,
        sum(received) as received
    from {{ ref('usage_by_weekday_monthly') }}
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
    coalesce(weekdays.local_month, people.local_month) as local_month,
    weekdays.messages as messages_of_weekdays,
    people.messages as messages_of_people,
    weekdays.file_transfers as file_transfers_of_weekdays,
    people.file_transfers as file_transfers_of_people,
    weekdays.received as received_of_weekdays,
    people.received as received_of_people
from weekdays
full outer join people on weekdays.local_month = people.local_month
where
    coalesce(weekdays.messages, 0) <> coalesce(people.messages, 0)
    or coalesce(weekdays.file_transfers, 0) <> coalesce(people.file_transfers, 0)
    or coalesce(weekdays.received, 0) <> coalesce(people.received, 0)
