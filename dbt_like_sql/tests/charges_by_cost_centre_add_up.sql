{{ config(severity='error', meta={'grain': 'local_month'}) }}

with cost_centres as (

    select
        local_month,
        sum(charge) as charge
    from {{ ref('charges_by_cost_centre_monthly') }}
    group by local_month

),

people as (

    select
        local_month,
        sum(charge) as charge
    from {{ ref('charges_by_person_monthly') }}
    group by local_month

)

select
    people.local_month,
    cost_centres.charge as charge_of_cost_centres,
    people.charge as charge_of_people
from people
left join cost_centres on people.local_month = cost_centres.local_month
where coalesce(cost_centres.charge, 0) <> people.charge
