{{ config(severity='error', meta={'grain': 'local_date'}) }}

with pairs as (

    select
        local_date,
        sum(messages + file_transfers) as deliveries
    from {{ ref('usage_by_pair_daily') }}
    group by local_date

),

people as (

    select
        local_date,
        sum(deliveries) as deliveries
    from {{ ref('usage_by_person_daily') }}
    group by local_date

)

select
    coalesce(pairs.local_date, people.local_date) as local_date,
    pairs.deliveries as deliveries_of_pairs,
    people.deliveries as deliveries_of_people
from pairs
full outer join people on pairs.local_date = people.local_date
where
    coalesce(pairs.deliveries, 0) <> coalesce(people.deliveries, 0)
