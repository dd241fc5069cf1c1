{{ config(severity='error', meta={'grain': 'local_month'}) }}

with cost_centres as (

    select
        local_month,
        sum(messages) as messages,
        sum(file_transfers) as file_transfers,
        sum(received) as received
    from {{ ref('usage_by_cost_centre_monthly') }}
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
    coalesce(cost_centres.local_month, people.local_month) as local_month,
    cost_centres.messages as messages_of_cost_centres,
    people.messages as messages_of_people,
    cost_centres.file_transfers as file_transfers_of_cost_centres,
    people.file_transfers as file_transfers_of_people,
    cost_centres.received as received_of_cost_centres,
    people.received as received_of_people
from cost_centres
full outer join people on cost_centres.local_month = people.local_month
where
    coalesce(cost_centres.messages, 0) <> coalesce(people.messages, 0)
    or coalesce(cost_centres.file_transfers, 0) <> coalesce(people.file_transfers, 0)
    or coalesce(cost_centres.received, 0) <> coalesce(people.received, 0)
