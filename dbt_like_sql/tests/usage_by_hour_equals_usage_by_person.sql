{{ config(severity='error', meta={'grain': 'local_date'}) }}

with hours as (

    select
        local_date,
        sum(messages) as messages,
        sum(file_transfers) as file_transfers,
        sum(received) as received,
        sum(deliveries) as deliveries,
        sum(characters) as characters
    from {{ ref('usage_by_hour') }}
    group by local_date

),

people as (

    select
        local_date,
        sum(messages) as messages,
        sum(file_transfers) as file_transfers,
        sum(received) as received,
        sum(deliveries) as deliveries,
        sum(characters) as characters
    from {{ ref('usage_by_person_daily') }}
    group by local_date

)

select
    coalesce(hours.local_date, people.local_date) as local_date,
    hours.messages as messages_of_hours,
    people.messages as messages_of_people,
    hours.file_transfers as file_transfers_of_hours,
    people.file_transfers as file_transfers_of_people,
    hours.received as received_of_hours,
    people.received as received_of_people,
    hours.deliveries as deliveries_of_hours,
    people.deliveries as deliveries_of_people,
    hours.characters as characters_of_hours,
    people.characters as characters_of_people
from hours
full outer join people on hours.local_date = people.local_date
where
    coalesce(hours.messages, 0) <> coalesce(people.messages, 0)
    or coalesce(hours.file_transfers, 0) <> coalesce(people.file_transfers, 0)
    or coalesce(hours.received, 0) <> coalesce(people.received, 0)
    or coalesce(hours.deliveries, 0) <> coalesce(people.deliveries, 0)
    or coalesce(hours.characters, 0) <> coalesce(people.characters, 0)
