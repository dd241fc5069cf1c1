{{ config(severity='error', meta={'grain': 'local_month'}) }}

with changes as (

    select
        local_month,
        sum(sent) as sent,
        sum(received) as received
    from {{ ref('usage_changes_monthly') }}
    where dimension = 'cost_centre'
    group by local_month

),

people as (

    select
        local_month,
        sum(messages + file_transfers) as sent,
        sum(received) as received
    from {{ ref('usage_by_person_monthly') }}
    group by local_month

)

select
    coalesce(changes.local_month, people.local_month) as local_month,
    changes.sent as sent_of_changes,
    people.sent as sent_of_people,
    changes.received as received_of_changes,
    people.received as received_of_people
from changes
full outer join people on changes.local_month = people.local_month
where
    coalesce(changes.sent, 0) <> coalesce(people.sent, 0)
    or coalesce(changes.received, 0) <> coalesce(people.received, 0)
