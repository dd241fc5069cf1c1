{{ config(severity='error', meta={'grain': 'local_date'}) }}

with departments as (

    select
        local_date,
        sum(messages) as messages,
        sum(file_transfers) as file_transfers,
        sum(received) as received,
        sum(deliveries) as deliveries,
        sum(characters) as characters
    from {{ ref('usage_by_department_daily') }}
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
    coalesce(departments.local_date, people.local_date) as local_date,
    departments.messages as messages_of_departments,
    people.messages as messages_of_people,
    departments.file_transfers as file_transfers_of_departments,
    people.file_transfers as file_transfers_of_people,
    departments.received as received_of_departments,
    people.received as received_of_people,
    departments.deliveries as deliveries_of_departments,
    people.deliveries as deliveries_of_people,
    departments.characters as characters_of_departments,
    people.characters as characters_of_people
from departments
full outer join people on departments.local_date = people.local_date
where
    coalesce(departments.messages, 0) <> coalesce(people.messages, 0)
    or coalesce(departments.file_transfers, 0) <> coalesce(people.file_transfers, 0)
    or coalesce(departments.received, 0) <> coalesce(people.received, 0)
    or coalesce(departments.deliveries, 0) <> coalesce(people.deliveries, 0)
    or coalesce(departments.characters, 0) <> coalesce(people.characters, 0)
