{{ config(severity='error', meta={'grain': 'local_date'}) }}

with cost_centres as (

    select
        local_date,
        sum(messages) as messages,
        sum(file_transfers) as file_transfers,
        sum(received) as received,
        sum(deliveries) as deliveries,
        sum(characters) as characters
    from {{ ref('usage_by_cost_centre_daily') }}
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
    coalesce(cost_centres.local_date, people.local_date) as local_date,
    cost_centres.messages as messages_of_cost_centres,
    people.messages as messages_of_people,
    cost_centres.file_transfers as file_transfers_of_cost_centres,
    people.file_transfers as file_transfers_of_people,
    cost_centres.received as received_of_cost_centres,
    people.received as received_of_people,
    cost_centres.deliveries as deliveries_of_cost_centres,
    people.deliveries as deliveries_of_people,
    cost_centres.characters as characters_of_cost_centres,
    people.characters as characters_of_people
from cost_centres
full outer join people on cost_centres.local_date = people.local_date
where
    coalesce(cost_centres.messages, 0) <> coalesce(people.messages, 0)
    or coalesce(cost_centres.file_transfers, 0) <> coalesce(people.file_transfers, 0)
    or coalesce(cost_centres.received, 0) <> coalesce(people.received, 0)
    or coalesce(cost_centres.deliveries, 0) <> coalesce(people.deliveries, 0)
    or coalesce(cost_centres.characters, 0) <> coalesce(people.characters, 0)
