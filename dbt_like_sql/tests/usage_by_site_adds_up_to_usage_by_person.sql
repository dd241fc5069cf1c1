{{ config(severity='error', meta={'grain': 'local_date'}) }}

with sites as (

    select
        local_date,
        sum(own_messages) as messages,
        sum(own_file_transfers) as file_transfers,
        sum(own_received) as received
    from {{ ref('usage_by_site_daily') }}
    group by local_date

),

people as (

    select
        local_date,
        sum(messages) as messages,
        sum(file_transfers) as file_transfers,
        sum(received) as received
    from {{ ref('usage_by_person_daily') }}
    group by local_date

)

select
    coalesce(sites.local_date, people.local_date) as local_date,
    sites.messages as messages_of_sites,
    people.messages as messages_of_people,
    sites.file_transfers as file_transfers_of_sites,
    people.file_transfers as file_transfers_of_people,
    sites.received as received_of_sites,
    people.received as received_of_people
from sites
full outer join people on sites.local_date = people.local_date
where
    coalesce(sites.messages, 0) <> coalesce(people.messages, 0)
    or coalesce(sites.file_transfers, 0) <> coalesce(people.file_transfers, 0)
    or coalesce(sites.received, 0) <> coalesce(people.received, 0)
