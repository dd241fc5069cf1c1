{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with months as (

    select distinct cast(date_trunc('month', local_date) as date) as local_month
    from {{ ref('int_plans_assigned') }}

),

directory as (

    select * from {{ source('inputs', 'directory') }}

),

assignments as (

    select * from {{ source('inputs', 'assignments') }}

),

plans as (

    select * from {{ source('inputs', 'plans') }}
    where has_people

),

legal_entities as (

    select * from {{ source('inputs', 'legal_entities') }}

),

days as (

    select
        local_month,
        cast(
            unnest(
                generate_series(
                    local_month, local_month + interval 1 month - interval 1 day, interval 1 day
                )
            ) as date
        ) as local_date
    from months
    where exists (select 1 from plans)

),

-- Where a person belongs on a day: the first by address where the directory has several rows.
people as (

    select
        days.local_month,
        days.local_date,
        directory.person_id,
        directory.name,
        directory.site,
        directory.department,
        directory.cost_centre,
        row_number() over (
            partition by days.local_date, directory.person_id order by directory.address
        ) as place
    from days
    inner join directory
        on
            (directory.valid_from is null or days.local_date >= directory.valid_from)
            and (directory.valid_to is null or days.local_date < directory.valid_to)

),

assigned as (

    select
        people.*,
        coalesce(of_person.plan, of_cost_centre.plan, of_site.plan) as plan
    from people
    left join assignments as of_person
        on
            of_person.scope = 'person'
            and people.person_id = of_person.name
            and (of_person.valid_from is null or people.local_date >= of_person.valid_from)
            and (of_person.valid_to is null or people.local_date < of_person.valid_to)
    left join assignments as of_cost_centre
        on
            of_cost_centre.scope = 'cost_centre'
            and people.cost_centre = of_cost_centre.name
            and (
                of_cost_centre.valid_from is null
                or people.local_date >= of_cost_centre.valid_from
            )
            and (of_cost_centre.valid_to is null or people.local_date < of_cost_centre.valid_to)
    left join assignments as of_site
        on
            of_site.scope = 'site'
            and people.site = of_site.name
            and (of_site.valid_from is null or people.local_date >= of_site.valid_from)
            and (of_site.valid_to is null or people.local_date < of_site.valid_to)
    where people.place = 1

),

final as (

    select
        assigned.local_month,
        assigned.local_date,
        assigned.person_id,
        assigned.name,
        assigned.site,
        assigned.department,
        assigned.cost_centre,
        assigned.plan,
        case plans.scope
            when 'cost_centre' then assigned.cost_centre
            else assigned.person_id
        end as holder,
        plans.scope,
        plans.currency,
        legal_entities.legal_entity,
        legal_entities.currency as entity_currency,
        plans.is_prorated,
        plans.minimum,
        plans.maximum,
        cast(extract(day from last_day(assigned.local_month)) as bigint) as days_of_month
    from assigned
    inner join plans
        on
            assigned.plan = plans.plan
            and (plans.valid_from is null or assigned.local_date >= plans.valid_from)
            and (plans.valid_to is null or assigned.local_date < plans.valid_to)
    inner join legal_entities
        on
            assigned.site = legal_entities.site
            and (
                legal_entities.valid_from is null
                or assigned.local_date >= legal_entities.valid_from
            )
            and (
                legal_entities.valid_to is null or assigned.local_date < legal_entities.valid_to
            )

)

select * from final
